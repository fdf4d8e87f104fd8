namespace RocketOps.Faults.Tests.Histories;

/// <summary>One message of a random history and what its producer knows of it. Its body names it.</summary>
/// <param name="Topic">Where to.</param>
/// <param name="Key">What it must keep its order with; the topic's messages with the same key are sent one after the other.</param>
/// <param name="Sequence">Ascending per key.</param>
/// <param name="IsAcknowledged">The broker said that it has it; otherwise it may be there or not.</param>
/// <param name="IsRolledBack">Of a transaction: nobody may ever see it.</param>
/// <param name="NotBefore">When it may be delivered, in milliseconds since 1970; 0 when at once.</param>
/// <param name="At">Its producer began to send it not before that time, in milliseconds since 1970.</param>
public sealed record SentMessage(string Topic, string Key, int Sequence, bool IsAcknowledged, bool IsRolledBack = false, long NotBefore = 0, long At = 0)
{
    public string Body => BodyOf(Topic, Key, Sequence);

    public static string BodyOf(string topic, string key, int sequence) => $"{topic}/{key}/{sequence}";
}
