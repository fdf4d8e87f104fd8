namespace RocketOps.Client;

/// <summary>
/// Handles one message. May be called for several messages at the same time. An exception counts as <see cref="ConsumeResult.Later"/>. The token is cancelled when the
/// consumer's stop has waited long enough.
/// </summary>
public delegate ValueTask<ConsumeResult> MessageHandler(ReceivedMessage message, CancellationToken cancellationToken);

/// <summary>What a handler says about a message.</summary>
public enum ConsumeResult
{
    /// <summary>Done; it will not come again.</summary>
    Success,

    /// <summary>Deliver it again later (after 10 s, then ever longer), and to the dead-letter topic after too many times. When broadcasting it is dropped.</summary>
    Later,
}
