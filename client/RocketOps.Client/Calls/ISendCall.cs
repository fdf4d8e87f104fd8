using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Calls;

/// <summary>One attempt to send, as whoever calls servers carries it out.</summary>
internal interface ISendCall
{
    /// <summary>True once the request was handed to the network: the broker may carry it out, whatever becomes of the answer.</summary>
    bool WasSent { get; }

    /// <summary>
    /// Sends and waits. Throws <see cref="TimeoutException"/>, <see cref="OperationCanceledException"/>, <see cref="IOException"/> when the connection is or gets closed, and
    /// <see cref="InvalidOperationException"/> when too many requests are outstanding.
    /// </summary>
    ValueTask<SendAnswer> InvokeAsync(RemotingConnection connection, TimeSpan timeout, CancellationToken cancellationToken);
}

/// <summary>Answer of a broker to a send.</summary>
/// <param name="Code">Its response code.</param>
/// <param name="Remark">Its words; null when it stored the message.</param>
/// <param name="OffsetMessageId">Where the message is stored; null when the broker does not say.</param>
/// <param name="QueueId">Queue; −1 when the broker does not say.</param>
/// <param name="QueueOffset">Position in the queue; −1 when the broker does not say.</param>
/// <param name="RecallHandle">What the message can be recalled by while it waits for its time; null when the broker does not say.</param>
/// <param name="Version">The broker's release, see <see cref="RocketOps.Protocol.Commands.MqVersion"/>.</param>
internal readonly record struct SendAnswer(int Code, string? Remark, string? OffsetMessageId, int QueueId, long QueueOffset, string? RecallHandle, int Version);
