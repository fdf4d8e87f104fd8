using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Consuming.Answers;

/// <summary>
/// RESET_CONSUMER_CLIENT_OFFSET (220), one-way: an administrator moved the group, and what this member reads of the topic goes on there. Java waits 10 s for handlers at work; here what
/// they say afterwards is not noted, as with every seek. Source: remoting.md §2.6, §5.10.
/// </summary>
internal sealed class ClientResetOffsetHandler(IAnsweringConsumer consumer) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (request.Get("group") != consumer.Group)
        {
            return null;
        }

        string from = connection.RemoteEndPoint.ToString()!;
        try
        {
            OffsetTableBody body = WireJson.Read(request, WireJson.Default.OffsetTableBody, from);
            foreach ((MessageQueue queue, long offset) in body.Offsets.Where(entry => entry.Key.Topic == request.Get("topic") && entry.Value >= 0))
            {
                await MoveAsync(queue, offset, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (RocketMqException unreadable)
        {
            ClientLog.ResetFailed(consumer.Logger, consumer.Group, from, unreadable.Message);
        }

        return null;
    }

    private async Task MoveAsync(MessageQueue queue, long offset, CancellationToken cancellationToken)
    {
        if (!consumer.Reads(queue))
        {
            return;
        }

        try
        {
            await consumer.SeekAsync(queue, offset, cancellationToken).ConfigureAwait(false);
            ClientLog.OffsetReset(consumer.Logger, consumer.Group, queue, offset);
        }
        catch (InvalidOperationException)
        {
            // It was given up between the look and the seek; its next reader begins at the offset that the broker has.
        }
    }
}
