namespace RocketOps.Operator.Masters;

/// <summary>Says how things on brokers differ from what an object asks for.</summary>
internal static class AlikeBrokers
{
    /// <summary><c>a-0, a-1: readQueues is 16, not 8; permission is Read, not ReadWrite. On a-2: …</c>, brokers that differ alike together.</summary>
    public static string Describe(IEnumerable<(string Broker, string Difference)> brokers) => string.Join(
        ". On ",
        brokers.GroupBy(static broker => broker.Difference, StringComparer.Ordinal)
            .Select(static alike => $"{string.Join(", ", alike.Select(static broker => broker.Broker))}: {alike.Key}"));
}
