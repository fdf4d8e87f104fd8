using RocketOps.Client;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>Push consumers whose handler only notes what comes.</summary>
internal static class CollectingConsumer
{
    /// <inheritdoc cref="StartAsync(PushConsumerOptions, string, SubscriptionExpression, Action{ReceivedMessage})"/>
    public static Task<RocketMqPushConsumer> StartAsync(PushConsumerOptions options, string topic, string tags, Action<ReceivedMessage> note) =>
        StartAsync(options, topic, SubscriptionExpression.Tags(tags), note);

    /// <summary>A consumer that has joined its group and handles every message with success.</summary>
    /// <param name="options">Its own.</param>
    /// <param name="topic">What it reads.</param>
    /// <param name="expression">What of it.</param>
    /// <param name="note">Called with each message, by several threads at once.</param>
    public static async Task<RocketMqPushConsumer> StartAsync(
        PushConsumerOptions options, string topic, SubscriptionExpression expression, Action<ReceivedMessage> note)
    {
        RocketMqPushConsumer consumer = new(options);
        try
        {
            await consumer.SubscribeAsync(topic, expression, (message, _) =>
            {
                note(message);
                return ValueTask.FromResult(ConsumeResult.Success);
            });
            await consumer.StartAsync();
            return consumer;
        }
        catch
        {
            await consumer.DisposeAsync();
            throw;
        }
    }
}
