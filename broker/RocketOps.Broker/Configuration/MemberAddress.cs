namespace RocketOps.Broker.Configuration;

/// <summary>One entry of <c>groupMembers</c>.</summary>
/// <param name="Name">Unique in the group, the same for ever.</param>
/// <param name="Address">Where the others reach its remoting port, <c>host:port</c>.</param>
internal readonly record struct MemberAddress(string Name, string Address)
{
    private const int MaxNameLength = 253;

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>Null when the text is no <c>name@host:port</c>. Names are what lease stores can keep anywhere: letters, digits, '-', '_' and '.'.</summary>
    public static MemberAddress? TryParse(string text)
    {
        int at = text.IndexOf('@', StringComparison.Ordinal);
        int colon = text.LastIndexOf(':');
        bool isAddress = at is > 0 and <= MaxNameLength && colon > at + 1 && ushort.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out ushort port) && port > 0;
        return isAddress && text.AsSpan(0, at).ContainsAnyExcept(NameCharacters) is false ? new MemberAddress(text[..at], text[(at + 1)..]) : null;
    }
}
