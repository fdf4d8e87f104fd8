using System.Buffers.Text;
using System.Text;

namespace RocketOps.Broker.Timers;

/// <summary>
/// Handle that a producer recalls a message by: <c>v1 topic broker time key</c> as URL-safe Base64 with padding; the time lies within the
/// message's slot. Source: remoting.md §5.2, apache/rocketmq RecallMessageHandle of 5.5.0.
/// </summary>
internal sealed record RecallHandle(string Topic, string BrokerName, string TimeText, string UniqKey)
{
    private const string Version = "v1";
    private const int Parts = 5;

    public static byte[] Encode(string topic, string brokerName, long timeMs, string uniqKey) =>
        Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Version} {topic} {brokerName} {timeMs} {uniqKey}")).Replace('+', '-').Replace('/', '_'));

    /// <summary>Reads what a producer sends; null when it is no handle.</summary>
    public static RecallHandle? TryParse(string? text)
    {
        if (string.IsNullOrEmpty(text) || !Base64Url.IsValid(text))
        {
            return null;
        }

        string[] parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(' ');
        return parts.Length >= Parts && parts[0] == Version ? new RecallHandle(parts[1], parts[2], parts[3], parts[4]) : null;
    }
}
