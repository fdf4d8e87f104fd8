using RocketOps.Broker.Replication.Frames;
using RocketOps.Hosting.Hosts;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Configuration;

/// <summary>Options of the copies of the log: how they are made, when one is in sync, and what SYNC_MASTER waits for.</summary>
internal sealed class ReplicationOptions(PropertyValues values) : IFeatureOptions<ReplicationOptions>
{
    /// <summary>Empty when name servers are asked.</summary>
    public string HaMasterAddress { get; } = values.Get(Keys.HaMasterAddress);

    public TimeSpan HaHeartbeatInterval { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.HaSendHeartbeatInterval));

    /// <summary>Time without a sign after which the other end of a replication connection counts as gone.</summary>
    public TimeSpan HaSilence { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.HaHousekeepingInterval));

    public int HaBatchBytes { get; } = values.Get(Keys.HaTransferBatchSize);

    /// <summary>Bytes a slave may lack and still be in sync.</summary>
    public long HaMaxGap { get; } = values.Get(values.IsSet(Keys.HaMaxGapNotInSync) ? Keys.HaMaxGapNotInSync : Keys.HaSlaveFallbehindMax);

    /// <summary>Bytes that one slave is sent a second at most; <see cref="long.MaxValue"/> without a limit.</summary>
    public long HaBytesPerSecond { get; } = values.Get(Keys.HaFlowControlEnable) ? values.Get(Keys.MaxHaTransferByteInSecond) : long.MaxValue;

    public int MaxHaConnections { get; } = values.Get(Keys.MaxHaConnections);

    public TimeSpan SlaveSyncInterval { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.SlaveSyncInterval));

    /// <summary>Members, this one among them, that SYNC_MASTER waits for.</summary>
    public int InSyncReplicas { get; } = InSyncReplicasOf(values);

    /// <summary>Members, this one among them, below which SYNC_MASTER refuses messages.</summary>
    public int MinInSyncReplicas { get; } = values.Get(Keys.MinInSyncReplicas);

    public bool AllAckInSync { get; } = values.Get(Keys.AllAckInSyncStateSet);

    public bool AutoInSyncReplicas { get; } = values.Get(Keys.EnableAutoInSyncReplicas);

    public static ReplicationOptions From(PropertyValues values) => new(values);

    /// <summary>
    /// Returns how many members SYNC_MASTER waits for. With RocketMQ 5's default of 1 it would acknowledge what no slave has, silently (store.md §7.1); 2 is
    /// what 4.9 does.
    /// </summary>
    public static int InSyncReplicasOf(PropertyValues values) => values.IsSet(Keys.InSyncReplicas) ? values.Get(Keys.InSyncReplicas) : 2;

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<string> HaMasterAddress = Text(
            "haMasterAddress", string.Empty, HostSyntax.Address, HostSyntax.FindAddressProblem,
            description: "Replication address of the master, `host:port`, for a slave that is not to ask its name servers for it.");

        public static readonly PropertyDefinition<int> HaSendHeartbeatInterval = Int32(
            "haSendHeartbeatInterval", 5_000, 10, live: true,
            description: "Milliseconds without anything to send after which master and slave let each other know that they are " +
                "there. With failover=Automatic a slave does so after leaseRenewMillis, if that is shorter.");

        public static readonly PropertyDefinition<int> HaHousekeepingInterval = Int32(
            "haHousekeepingInterval", 20_000, 10, live: true,
            description: "Milliseconds without a sign of the other after which master and slave close their connection.");

        public static readonly PropertyDefinition<int> HaTransferBatchSize = Int32(
            "haTransferBatchSize", 32_768, 1, HaFrames.MaxBodyBytes, live: true,
            description: "Most bytes of the log in one frame to a slave.");

        public static readonly PropertyDefinition<int> HaMaxGapNotInSync = Int32(
            "haMaxGapNotInSync", 256 * 1024 * 1024, 1, live: true,
            description: "The same under RocketMQ 5's name; counts before haSlaveFallbehindMax when set.");

        public static readonly PropertyDefinition<int> HaSlaveFallbehindMax = Int32(
            "haSlaveFallbehindMax", 256 * 1024 * 1024, 1, live: true,
            description: "Bytes a slave may be behind and still count as in sync.");

        public static readonly PropertyDefinition<bool> HaFlowControlEnable = Boolean(
            "haFlowControlEnable", false, live: true,
            description: "maxHaTransferByteInSecond is kept to.");

        public static readonly PropertyDefinition<long> MaxHaTransferByteInSecond = Int64(
            "maxHaTransferByteInSecond", 100L * 1024 * 1024, 1_024, live: true,
            description: "Bytes a second that each slave is sent at most.");

        public static readonly PropertyDefinition<int> InSyncReplicas = Int32(
            "inSyncReplicas", 1, 1, 16, live: true,
            description: "Members, the master among them, that have a message before SYNC_MASTER acknowledges it. When not set, 2: " +
                "RocketMQ 5's default of 1 would wait for no slave.");

        public static readonly PropertyDefinition<int> MaxHaConnections = Int32(
            "maxHaConnections", 16, 1, 1_024, live: true,
            description: "Slaves that may be connected; more are refused. Not in RocketMQ.");

        public static readonly PropertyDefinition<int> SlaveSyncInterval = Int32(
            "slaveSyncInterval", 10_000, 100,
            description: "Milliseconds between the times a slave takes over topics, groups and offsets of its master. Not in " +
                "RocketMQ, which has 10 s (4.9).");

        public static readonly PropertyDefinition<int> MinInSyncReplicas = Int32(
            "minInSyncReplicas", 1, 1, 16, live: true,
            description: "Members, the master among them, that must be in sync for SYNC_MASTER to take messages; with fewer they are " +
                "refused. At 1 they are taken, and answered SLAVE_NOT_AVAILABLE.");

        public static readonly PropertyDefinition<bool> AllAckInSyncStateSet = Boolean(
            "allAckInSyncStateSet", false, live: true,
            description: "Every slave that is in sync must have a message before SYNC_MASTER acknowledges it.");

        public static readonly PropertyDefinition<bool> EnableAutoInSyncReplicas = Boolean(
            "enableAutoInSyncReplicas", false, live: true,
            description: "When fewer members than inSyncReplicas are in sync, SYNC_MASTER waits for those there are, but for no " +
                "fewer than minInSyncReplicas.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            HaMasterAddress, HaSendHeartbeatInterval, HaHousekeepingInterval, HaTransferBatchSize, HaMaxGapNotInSync,
            HaSlaveFallbehindMax, HaFlowControlEnable, MaxHaTransferByteInSecond, InSyncReplicas, MaxHaConnections, SlaveSyncInterval,
            MinInSyncReplicas, AllAckInSyncStateSet, EnableAutoInSyncReplicas,
        ];
    }
}
