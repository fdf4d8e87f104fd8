namespace RocketOps.Interop.Tests.Messages;

/// <summary>
/// A message as it was sent, with what a broker adds to every one, and changes to that: <c>field:value</c> is another value of a field, <c>NAME=value</c> of a property,
/// <c>-NAME</c> a property that is missing, <c>+NAME=value</c> one that stands there once more.
/// </summary>
internal static class ExpectedMessage
{
    private static readonly string[] AsSent =
    [
        "topic:{topic}", $"queueId:{WayTraveller.Queue}", "queueOffset:0", $"flag:{WayTraveller.Flag}", "sysFlag:0x0", "born:as the producer said", "bornHost:the producer's", "stored:now",
        "storeHost:the broker's", "reconsumeTimes:0", "prepared:0", "body:as sent", "crc:right",
        "KEYS=k1 k2", "TAGS=TagA", "UNIQ_KEY={way}", "WAIT=true", "own=ключ 値", "CLUSTER=DefaultCluster", "MSG_REGION=DefaultRegion", "TRACE_ON=true",
    ];

    /// <summary>The lines of the message, in no order.</summary>
    public static IReadOnlyList<string> Apply(IEnumerable<string> changes)
    {
        List<string> lines = [.. AsSent];
        foreach (string change in changes.SelectMany(static text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            switch (change[0])
            {
                case '+':
                    lines.Add(change[1..]);
                    break;
                case '-':
                    lines.RemoveAll(line => line.StartsWith(change[1..] + "=", StringComparison.Ordinal));
                    break;
                default:
                    string name = change[..(change.IndexOfAny([':', '=']) + 1)];
                    lines.RemoveAll(line => line.StartsWith(name, StringComparison.Ordinal));
                    lines.Add(change);
                    break;
            }
        }

        return lines;
    }
}
