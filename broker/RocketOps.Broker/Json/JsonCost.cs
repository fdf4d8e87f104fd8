namespace RocketOps.Broker.Json;

/// <summary>
/// Memory that a body takes while it is read and worked on as objects, about, and rather more than less: an empty object of three bytes
/// becomes one of a hundred, a text of one letter one of fifty. Seven times the bytes of what clients send, mostly.
/// </summary>
internal static class JsonCost
{
    /// <summary>More than any body costs that a client or a tool sends: twelve times the largest frame. One of that size whose objects are all empty would cost a gigabyte.</summary>
    public const long Most = 12L * 16 * 1024 * 1024;

    /// <summary>The strict copy, and two bytes for a character of a text.</summary>
    private const int ByteBytes = 3;

    /// <summary>The largest of them, without texts: a consumer group's settings.</summary>
    private const int ObjectBytes = 128;

    private const int ListBytes = 64;

    /// <summary>A text's header, and its place in a list that has grown.</summary>
    private const int ElementBytes = 48;

    /// <summary>Some are entries of a table.</summary>
    private const int MemberBytes = 16;

    /// <summary>A bare control character is six bytes of the copy, which grows by doubling.</summary>
    private const int ControlBytes = 16;

    public static long Of(ReadOnlySpan<byte> body)
    {
        long cost = (long)ByteBytes * body.Length;
        foreach (byte next in body)
        {
            cost += next switch
            {
                (byte)'{' => ObjectBytes,
                (byte)'[' => ListBytes,
                (byte)',' => ElementBytes,
                (byte)':' => MemberBytes,
                < 0x20 => ControlBytes,
                _ => 0,
            };
        }

        return cost;
    }
}
