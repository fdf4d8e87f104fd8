namespace RocketOps.Broker.Pending;

/// <summary>
/// Limit on what one request may read: messages, and time, whichever ends first. What is left is read by the next request.
/// </summary>
internal sealed class ScanBudget(TimeProvider time)
{
    /// <summary>Messages of one read.</summary>
    public const int MessagesOfRead = 1024;

    /// <summary>Messages of one request.</summary>
    private const int MostMessages = 256 * 1024;

    /// <summary>Half of what the operator waits for an answer leaves room for the rest of it.</summary>
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(1);

    private readonly long _begin = time.GetTimestamp();
    private int _spent;

    public bool IsSpent => _spent >= MostMessages || time.GetElapsedTime(_begin) >= MostTime;

    public void Spend(int messages) => _spent += messages;
}
