namespace RocketOps.Client;

/// <summary>
/// Handles messages of a topic in a program with a host. Taken from the container for every message, in a scope of its own that ends with the message: what it asks for in
/// its constructor may be scoped. See <see cref="MessageHandler"/> for what its answer means.
/// </summary>
public interface IMessageHandler
{
    /// <summary>Handles one message. An exception counts as <see cref="ConsumeResult.Later"/>.</summary>
    ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken);
}
