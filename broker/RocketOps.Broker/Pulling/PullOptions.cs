using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Pulling;

/// <summary>Options of pulls.</summary>
internal sealed class PullOptions(PropertyValues values) : IFeatureOptions<PullOptions>
{
    public bool LongPolling { get; } = values.Get(Keys.LongPollingEnable);

    public long ShortPollingMs { get; } = values.Get(Keys.ShortPollingTimeMills);

    public int MaxParkedPulls { get; } = values.Get(Keys.MaxParkedPulls);

    public int MaxParkedPullsPerConnection { get; } = values.Get(Keys.MaxParkedPullsPerConnection);

    public int MaxParkedPullsPerQueue { get; } = values.Get(Keys.MaxParkedPullsPerQueue);

    public bool SlaveReadEnable { get; } = values.Get(Keys.SlaveReadEnable);

    public bool OffsetCheckInSlave { get; } = values.Get(Keys.OffsetCheckInSlave);

    public int MemoryRatio { get; } = values.Get(StoreKeys.AccessMessageInMemoryMaxRatio);

    public bool LitePullEnable { get; } = values.Get(Keys.LitePullMessageEnable);

    public bool RejectPullConsumer { get; } = values.Get(Keys.RejectPullConsumerEnable);

    public static PullOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<bool> LongPollingEnable = Boolean(
            "longPollingEnable", true, live: true,
            description: "Pulls wait as long as they ask for; otherwise shortPollingTimeMills.");

        public static readonly PropertyDefinition<long> ShortPollingTimeMills = Int64(
            "shortPollingTimeMills", 1_000, 1, live: true,
            description: "Milliseconds a pull waits when long polling is off.");

        public static readonly PropertyDefinition<int> MaxParkedPulls = Int32(
            "maxParkedPulls", 1_000_000, 1, live: true,
            description: "Pulls that may wait at a time; further ones are answered at once. Not in RocketMQ.");

        public static readonly PropertyDefinition<int> MaxParkedPullsPerConnection = Int32(
            "maxParkedPullsPerConnection", 16_384, 1, live: true,
            description: "Pulls of one connection that may wait at a time, one with a subscription of its own counting once more for " +
                "each 32 bytes of it; further ones are answered at once. Not in RocketMQ.");

        public static readonly PropertyDefinition<int> MaxParkedPullsPerQueue = Int32(
            "maxParkedPullsPerQueue", 100_000, 1, live: true,
            description: "Pulls that may wait for one queue at a time; further ones are answered at once. Not in RocketMQ.");

        public static readonly PropertyDefinition<bool> SlaveReadEnable = Boolean(
            "slaveReadEnable", false, live: true,
            description: "Consumers far behind are pointed to a slave.");

        public static readonly PropertyDefinition<bool> OffsetCheckInSlave = Boolean(
            "offsetCheckInSlave", false, live: true,
            description: "A slave corrects offsets of pulls as a master does.");

        public static readonly PropertyDefinition<bool> LitePullMessageEnable = Boolean(
            "litePullMessageEnable", true, live: true,
            description: "Lite pull requests are served.");

        public static readonly PropertyDefinition<bool> RejectPullConsumerEnable = Boolean(
            "rejectPullConsumerEnable", false, live: true,
            description: "Heartbeats of pull consumers are passed over, and pulls refused of who is no member of the group, where it " +
                "is not online or one of pull consumers.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            LongPollingEnable, ShortPollingTimeMills, MaxParkedPulls, MaxParkedPullsPerConnection, MaxParkedPullsPerQueue,
            SlaveReadEnable, OffsetCheckInSlave, LitePullMessageEnable, RejectPullConsumerEnable,
        ];
    }
}
