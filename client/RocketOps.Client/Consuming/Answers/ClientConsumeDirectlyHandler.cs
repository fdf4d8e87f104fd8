using RocketOps.Client.Consuming.Handling;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Consuming.Answers;

/// <summary>
/// CONSUME_MESSAGE_DIRECTLY (309): an administrator has one message handled here, once; no offset changes and nothing is given back, whatever the handler says. Of a batch that is stored as one
/// record all messages are handled, up to the first that fails. As many at a time as handlers may work. Source: remoting.md §2.6.
/// </summary>
internal sealed class ClientConsumeDirectlyHandler(IAnsweringConsumer consumer) : AsyncRequestHandler
{
    private int _working;

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (request.Get("consumerGroup") != consumer.Group || consumer.Invoker is not { } invoker)
        {
            return Refusal.NoSuchGroup(request);
        }

        // Nobody waits longer than the broker's 10 s: what finds no slot is refused at once.
        if (Interlocked.Increment(ref _working) > Math.Max(1, consumer.Options.MaxConcurrency))
        {
            Interlocked.Decrement(ref _working);
            return RemotingCommand.CreateResponse(request, ResponseCode.SystemError, "too many messages are being consumed directly, try again later");
        }

        try
        {
            ReadOnlyMemory<byte> body = request.Body;
            List<StoredMessage> messages = [];
            StoredMessageDecoder.DecodeInto(messages, ref body);
            return await ConsumeAsync(invoker, request, messages, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException malformed)
        {
            return RemotingCommand.CreateResponse(request, ResponseCode.SystemError, $"the message cannot be read: {malformed.Message}");
        }
        finally
        {
            Interlocked.Decrement(ref _working);
        }
    }

    private async Task<RemotingCommand> ConsumeAsync(HandlerInvoker invoker, RemotingCommand request, List<StoredMessage> messages, CancellationToken cancellationToken)
    {
        long begin = consumer.Options.TimeProvider.GetTimestamp();
        HandlerOutcome outcome = default;
        for (int i = 0; i < messages.Count && outcome is { Failure: null, Result: { IsReturned: false, IsAbandoned: false } }; i++)
        {
            MessageQueue queue = new(messages[i].Topic, request.Get("brokerName") ?? string.Empty, messages[i].QueueId);
            outcome = await invoker.InvokeAsync(messages[i], queue, attempts: 0, cancellationToken).ConfigureAwait(false);
        }

        string result = outcome switch
        {
            { Failure: not null } => "CR_THROW_EXCEPTION",
            { Result.IsReturned: true } or { Result.IsAbandoned: true } => "CR_LATER",
            _ => "CR_SUCCESS",
        };
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = new FastJsonWriter().BeginObject()
            .Field("autoCommit", true)
            .Field("consumeResult", result)
            .Field("order", consumer.Options.IsOrderly)
            .Field("remark", outcome.Failure?.ToString())
            .Field("spentTimeMills", (long)consumer.Options.TimeProvider.GetElapsedTime(begin).TotalMilliseconds)
            .EndObject().Written;
        return response;
    }
}
