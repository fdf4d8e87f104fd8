using RocketOps.Broker.Configuration;
using RocketOps.Broker.Delay;
using RocketOps.Broker.Sending;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Messages that wait for a delay level.</summary>
internal sealed class DelayModule(HostServices host, OffsetModule offsets, MessageModule messages)
{
    /// <summary>Way of a message to its level.</summary>
    public DelayRouter Router { get; } = new(host.Options<DelayOptions>(), host.Store);

    /// <summary>Delivery, for as long as this broker is the master.</summary>
    public ScheduleService NewService() =>
        new(host.Options<DelayOptions>(), host.Store, messages.Appender, messages.Waiting, offsets.Delays, host.Time, host.LoggerOf<ScheduleService>());
}
