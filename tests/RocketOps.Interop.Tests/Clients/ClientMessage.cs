namespace RocketOps.Interop.Tests.Clients;

/// <summary>A message as a client sent or received it.</summary>
public sealed record ClientMessage(string? Tag, string? Keys, string BodySha256, int BodySize, IReadOnlyDictionary<string, string> Properties)
{
    // Written by the receiving client into its own copy.
    private static readonly string[] ReceiverProperties = ["CONSUME_START_TIME", "MIN_OFFSET", "MAX_OFFSET"];

    /// <summary>The properties that travelled with the message, in order of name.</summary>
    public string TravelledProperties =>
        string.Join(", ", Properties.Where(property => !ReceiverProperties.Contains(property.Key)).OrderBy(property => property.Key, StringComparer.Ordinal)
            .Select(property => $"{property.Key}={property.Value}"));
}
