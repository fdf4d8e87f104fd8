using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client.Producing.Sending;

/// <summary>Finds the brokers that a producer will send to, and tells them of its group.</summary>
/// <param name="client">The producer as a member of its connections.</param>
/// <param name="sender">Finds queues.</param>
/// <param name="topics">Topics that will be sent to.</param>
internal sealed class ProducerConnect(ClientInstance client, MessageSender sender, IReadOnlyList<string> topics)
{
    /// <summary>
    /// Asks for all routes, then tells all brokers side by side. Throws <see cref="RocketMqException"/> when a topic cannot be sent to,
    /// as it
    /// has no route or none of its brokers answers.
    /// </summary>
    public async Task TryAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<MessageQueue>[] queues = await Task.WhenAll(topics.Select(topic => sender.GetQueuesAsync(topic, cancellationToken))).ConfigureAwait(false);
        string[] brokers = [.. queues.SelectMany(static ofTopic => ofTopic).Select(static queue => queue.BrokerName).Distinct(StringComparer.Ordinal)];
        RocketMqException?[] failures = await Task.WhenAll(brokers.Select(broker => IntroduceAsync(broker, cancellationToken))).ConfigureAwait(false);

        foreach (IReadOnlyList<MessageQueue> ofTopic in queues)
        {
            RocketMqException?[] ofBrokers = [.. ofTopic.Select(queue => failures[Array.IndexOf(brokers, queue.BrokerName)])];
            if (ofBrokers.All(static failure => failure is not null))
            {
                throw ofBrokers[0]!;
            }
        }

        foreach ((string broker, RocketMqException failure) in brokers.Zip(failures).Where(static one => one.Second is not null).Select(static one => (one.First, one.Second!)))
        {
            string address = client.Routes.FindMaster(broker) ?? broker;
            ClientLog.HeartbeatFailed(client.Logger, failure.LogLevel, address, failure.Message);
        }
    }

    /// <summary>Returns the failure, or null when the broker knows this producer.</summary>
    private async Task<RocketMqException?> IntroduceAsync(string broker, CancellationToken cancellationToken)
    {
        if (client.Routes.FindMaster(broker) is not { } address)
        {
            return new RocketMqException($"broker {broker} has no master") { Reason = RocketMqErrorReason.NoRoute };
        }

        try
        {
            await client.IntroduceAsync(address, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (RocketMqException failure)
        {
            return failure;
        }
    }
}
