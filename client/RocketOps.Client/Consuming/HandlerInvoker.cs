using System.Collections.Concurrent;
using System.Diagnostics;
using RocketOps.Client.Internal;

namespace RocketOps.Client.Consuming;

/// <summary>Calls the handler of a message's topic, within a span, and turns everything that can happen into an outcome.</summary>
internal sealed class HandlerInvoker(ClientInstance client, PushConsumerOptions options, ConcurrentDictionary<string, MessageHandler> handlers)
{
    /// <summary>Never throws. What was thrown, or why the message cannot be handed out, is in the outcome for the caller to log.</summary>
    /// <param name="message">What to handle.</param>
    /// <param name="attempts">How often it was handled here before.</param>
    /// <param name="cancellationToken">The handler's token.</param>
    public async ValueTask<HandlerOutcome> InvokeAsync(PulledMessage message, int attempts, CancellationToken cancellationToken)
    {
        try
        {
            ReceivedMessage received = ReceivedMessages.From(message.Stored, message.Owner.Queue, options.MaxDecompressedBytes, options.ZstdDecompressor);
            if (attempts > 0)
            {
                received = received with { ReconsumeTimes = received.ReconsumeTimes + attempts };
            }

            return handlers.TryGetValue(received.Topic, out MessageHandler? handler)
                ? new HandlerOutcome(await CallAsync(handler, received, message.Stored, cancellationToken).ConfigureAwait(false), Failure: null)
                : throw new InvalidDataException($"nothing is subscribed to its topic {received.Topic}");
        }
        catch (Exception failure)
        {
            return new HandlerOutcome(ConsumeResult.Later, failure);
        }
    }

    private async Task<ConsumeResult> CallAsync(MessageHandler handler, ReceivedMessage received, StoredMessage stored, CancellationToken cancellationToken)
    {
        long begin = options.TimeProvider.GetTimestamp();
        Activity? span = ClientTelemetry.StartProcess(stored, received.Topic, options.Group, client.ClientId, options.MessageModel);
        Exception? failure = null;
        try
        {
            return await handler(received, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
        finally
        {
            ClientTelemetry.EndProcess(span, received.Topic, options.Group, options.TimeProvider.GetElapsedTime(begin), failure);
        }
    }
}

/// <summary>What a handler said; with a failure it said nothing, and the result is <see cref="ConsumeResult.Later"/>.</summary>
internal readonly record struct HandlerOutcome(ConsumeResult Result, Exception? Failure);
