using Microsoft.Extensions.Logging;
using RocketOps.Client.Consuming.Handling;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Subscriptions;

namespace RocketOps.Client.Consuming.Answers;

/// <summary>A consumer, as far as its answers to brokers need it.</summary>
internal interface IAnsweringConsumer
{
    string Group { get; }

    PushConsumerOptions Options { get; }

    string NameServers { get; }

    /// <summary>Time at which the consumer joined the group; before that, the time at which it was made.</summary>
    DateTimeOffset StartedAt { get; }

    /// <summary>Calls the handlers; null before the start.</summary>
    HandlerInvoker? Invoker { get; }

    IReadOnlyList<Subscription> Subscriptions { get; }

    /// <summary>The queues it reads, as they are at this moment.</summary>
    IReadOnlyList<ConsumedQueue> Reading { get; }

    ILogger Logger { get; }

    /// <summary>True when <see cref="SeekAsync"/> can move the queue at this moment.</summary>
    bool Reads(MessageQueue queue);

    /// <summary>Goes on with a queue at an offset. Throws <see cref="InvalidOperationException"/> when this member does not read the queue at the moment.</summary>
    Task SeekAsync(MessageQueue queue, long offset, CancellationToken cancellationToken = default);
}
