using System.Collections.Concurrent;
using System.Text;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Producing.Requests;

/// <summary>
/// The requests that wait for a reply, by correlation id, and the replies that brokers hand on: PUSH_REPLY_MESSAGE_TO_CLIENT (326),
/// answered so that the consumer that
/// replied learns of it. One that nobody waits for any more is dropped, and answered like the others, as the Java client does. Source:
/// remoting.md §5.11.
/// </summary>
internal sealed class PendingRequests(ProducerOptions options) : AsyncRequestHandler, ISelectiveHandler
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<ReceivedMessage>> _waiting = new(StringComparer.Ordinal);
    private ClientInstance? _client;

    /// <summary>Replies may come from here on; called once, by whoever made the client out of this handler.</summary>
    public void Begin(ClientInstance client) => Volatile.Write(ref _client, client);

    /// <summary>
    /// Adds a request and returns the task of its reply, or of what is wrong with it; <see cref="Remove"/> it whatever happens.
    /// </summary>
    public Task<ReceivedMessage> Add(string correlationId)
    {
        TaskCompletionSource<ReceivedMessage> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[correlationId] = reply;
        return reply.Task;
    }

    public void Remove(string correlationId) => _waiting.TryRemove(correlationId, out _);

    /// <summary>True when one of this producer's requests waits for this reply.</summary>
    public bool IsFor(RemotingCommand request) =>
        PropertiesOf(request).GetValueOrDefault(PropertyNames.CorrelationId) is { } id && _waiting.ContainsKey(id);

    /// <summary>Nobody waits any more.</summary>
    /// <param name="owner">Whom those that wait are told of.</param>
    public void Stop(string owner)
    {
        foreach (TaskCompletionSource<ReceivedMessage> waiting in _waiting.Values)
        {
            waiting.TrySetException(new ObjectDisposedException(owner));
        }
    }

    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TaskCompletionSource<ReceivedMessage>? waiting = null;
        try
        {
            Dictionary<string, string> properties = PropertiesOf(request);
            string? id = properties.GetValueOrDefault(PropertyNames.CorrelationId);
            if (id is null || !_waiting.TryRemove(id, out waiting))
            {
                if (Volatile.Read(ref _client) is { } client)
                {
                    ClientLog.ReplyUnexpected(client.Logger, id, connection.RemoteEndPoint);
                }
            }
            else
            {
                waiting.TrySetResult(PushedReply.Read(request, properties, options.MaxDecompressedBytes));
            }

            return new(RemotingCommand.CreateResponse(request, ResponseCode.Success));
        }
        catch (Exception malformed) when (malformed is InvalidDataException or RemotingCommandException)
        {
            waiting?.TrySetException(new RocketMqException($"the reply that {connection.RemoteEndPoint} handed on cannot be read: {malformed.Message}", malformed) { IsOutcomeUnknown = true, Reason = RocketMqErrorReason.InvalidAnswer });
            return new(RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "process reply message fail"));
        }
    }

    private static Dictionary<string, string> PropertiesOf(RemotingCommand request) => MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(request.Get("properties") ?? string.Empty));
}
