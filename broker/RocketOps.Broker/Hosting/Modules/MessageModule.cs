using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Topics;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Messages on their way into the store: what appends them, and what becomes of those that have waited.</summary>
internal sealed class MessageModule
{
    public MessageModule(HostServices host, TopicModule topics, ReplicationModule replication)
    {
        Statistics = new AppendStatistics(host.Time);
        Appender = new MessageAppender(host.Store, Statistics, replication.Gate, host.Time);
        Places = new TruePlaces(topics.Topics);
        Undeliverable = new UndeliverableMessages(topics.Topics, host.Store, host.Time, host.LoggerOf<UndeliverableMessages>());
        Waiting = new DueMessages(Appender, host.Address, Places, Undeliverable);
        Refusals = new SendRefusals(
            host.Settings,
            host.Options<SendOptions>(),
            host.Options<TopicTableOptions>(),
            host.Options<TimerOptions>(),
            host.Options<ReplicationOptions>(),
            host.Address,
            host.Store);
    }

    public AppendStatistics Statistics { get; }

    public MessageAppender Appender { get; }

    /// <summary>Places of messages that have waited.</summary>
    public TruePlaces Places { get; }

    /// <summary>Those of them that cannot be delivered.</summary>
    public UndeliverableMessages Undeliverable { get; }

    /// <summary>Delivers what has waited.</summary>
    public DueMessages Waiting { get; }

    /// <summary>Says to producers why a message is not taken.</summary>
    public SendRefusals Refusals { get; }
}
