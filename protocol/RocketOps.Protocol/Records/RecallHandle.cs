using System.Buffers.Text;
using System.Text;

namespace RocketOps.Protocol.Records;

/// <summary>
/// Handle that a broker gives for a message that waits for its time, and its producer recalls it by: URL-safe Base64, with padding, of
/// <c>v1 topic broker time key</c>. Matches RecallMessageHandle of 5.5.0. Source: remoting.md §5.2.
/// </summary>
/// <param name="Topic">The topic it is meant for.</param>
/// <param name="BrokerName">The broker that has it.</param>
/// <param name="TimeText">A time within the message's slot, in ms since 1970; any text in what a producer sends.</param>
/// <param name="UniqKey">The message's unique key.</param>
public sealed record RecallHandle(string Topic, string BrokerName, string TimeText, string UniqKey)
{
    /// <summary>Longer texts are no handle: of its parts only topic and broker name have any length.</summary>
    public const int MaxChars = 2048;

    private const string Version = "v1";
    private const int Parts = 5;

    public static byte[] Encode(string topic, string brokerName, long timeMs, string uniqKey)
    {
        string handle = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Version} {topic} {brokerName} {timeMs} {uniqKey}"));
        return Encoding.UTF8.GetBytes(handle.Replace('+', '-').Replace('/', '_'));
    }

    /// <summary>Reads a handle, with padding or without; null when the text is none.</summary>
    public static RecallHandle? TryParse(string? text)
    {
        if (text is null or { Length: 0 or > MaxChars } || !Base64Url.IsValid(text))
        {
            return null;
        }

        string[] parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(' ');
        return parts.Length >= Parts && parts[0] == Version ? new RecallHandle(parts[1], parts[2], parts[3], parts[4]) : null;
    }
}
