using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Names;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Configuration;

/// <summary>
/// The configuration in the form handlers read it: an immutable snapshot of every key, text that goes into frames as UTF-8. A live update makes a new one,
/// see <see cref="BrokerSettings"/>. Meaning and defaults of each member: <see cref="BrokerKeys"/>.
/// </summary>
internal sealed class BrokerOptions
{
    /// <summary>A week's seconds less a minute: the wheel has two weeks, and a message comes by within one.</summary>
    private const int MaxRollWindowSlots = (7 * 86_400) - 60;

    /// <summary>Memory for each consumer group up to <c>maxGroups</c>: some five times what one takes with its topic for retries, so that all of them leave most of it to the rest.</summary>
    private const int GroupBytes = 16 * 1024;

    /// <summary>The same for each topic up to <c>maxTopics</c>: some three times what one takes whose eight queues have a message each.</summary>
    private const int TopicBytes = 8 * 1024;

    /// <summary>The same for each offset up to <c>maxConsumerOffsets</c>, if it is the only one of its group on its topic.</summary>
    private const int ConsumerOffsetBytes = 2 * 1024;

    /// <summary>The same for each membership or subscription up to <c>maxRegistrations</c>: one takes a kilobyte.</summary>
    private const int RegistrationBytes = 4 * 1024;

    /// <summary>Least number of entries of each kind, whatever the memory.</summary>
    private const int LeastEntries = 1_000;

    private BrokerOptions(PropertyValues values, long memoryBytes)
    {
        Values = values;
        ClusterName = values.Get(BrokerKeys.BrokerClusterName);
        BrokerName = OrElse(values.Get(BrokerKeys.BrokerName), Dns.GetHostName);
        Role = values.Get(BrokerKeys.Role);
        // As RocketMQ: a master has id 0 whatever the file says.
        BrokerId = Role == BrokerRole.Slave ? values.Get(BrokerKeys.BrokerId) : 0;
        NameServers = OrElse(values.Get(BrokerKeys.NamesrvAddr), static () => Environment.GetEnvironmentVariable("NAMESRV_ADDR") ?? string.Empty)
            .Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        BindAddress = IPAddress.Parse(values.Get(BrokerKeys.BindAddress));
        BrokerIP1 = OrElse(values.Get(BrokerKeys.BrokerIP1), () => IsSpecific(BindAddress) ? BindAddress.ToString() : FirstLocalAddress());
        BrokerIP2 = OrElse(values.Get(BrokerKeys.BrokerIP2), () => BrokerIP1);
        ListenPort = values.Get(BrokerKeys.ListenPort);
        HaListenPort = values.Get(BrokerKeys.HaListenPort);
        HttpPort = values.Get(BrokerKeys.HttpPort);
        Permission = values.Get(BrokerKeys.BrokerPermission);
        RegisterPeriod = TimeSpan.FromMilliseconds(Math.Clamp(values.Get(BrokerKeys.RegisterNameServerPeriod), 10_000, 60_000));
        CompressedRegister = values.Get(BrokerKeys.CompressedRegister);
        SplitRegistrationSize = values.Get(BrokerKeys.EnableSplitRegistration) ? values.Get(BrokerKeys.SplitRegistrationSize) : 0;
        EnableSingleTopicRegister = values.Get(BrokerKeys.EnableSingleTopicRegister);
        HandOverLinger = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.HandOverLingerMillis));
        ForwardTimeout = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.ForwardTimeout));
        QueuesPollInterval = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.LoadBalancePollNameServerInterval));
        RegisterTimeout = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.RegisterBrokerTimeoutMills));
        RegionId = values.Get(BrokerKeys.RegionId);
        RegionIdUtf8 = Encoding.UTF8.GetBytes(RegionId);
        ClusterNameUtf8 = Encoding.UTF8.GetBytes(ClusterName);
        StartAcceptSendTimestamp = values.Get(BrokerKeys.StartAcceptSendRequestTimeStamp);
        LogLevel = values.Get(BrokerKeys.LogLevel);
        IdleTimeout = TimeSpan.FromSeconds(values.Get(BrokerKeys.ServerChannelMaxIdleTimeSeconds));
        MaxConnections = values.Get(BrokerKeys.MaxConnections);
        MaxGroups = Within(values.Get(BrokerKeys.MaxGroups), memoryBytes, GroupBytes);
        MaxTopics = Within(values.Get(BrokerKeys.MaxTopics), memoryBytes, TopicBytes);
        MaxGroupsPerConnection = values.Get(BrokerKeys.MaxGroupsPerConnection);
        MaxConsumerOffsets = Within(values.Get(BrokerKeys.MaxConsumerOffsets), memoryBytes, ConsumerOffsetBytes);
        MaxRegistrations = Within(values.Get(BrokerKeys.MaxRegistrations), memoryBytes, RegistrationBytes);
        MaxSubscriptionsPerConnection = values.Get(BrokerKeys.MaxSubscriptionsPerConnection);
        MaxStatisticsKeys = values.Get(BrokerKeys.MaxStatisticsKeys);
        RemotingLoops = values.Get(BrokerKeys.RemotingLoops);
        LingerMicros = values.Get(BrokerKeys.LingerMicros);
        MaxHeldBytes = values.Get(BrokerKeys.MaxHeldBytes);
        HeldBytesTimeout = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.HeldBytesTimeout));
        MinFrameBytesPerSecond = values.Get(BrokerKeys.MinFrameBytesPerSecond);
        AutoCreateTopic = values.Get(BrokerKeys.AutoCreateTopicEnable);
        AutoCreateGroup = values.Get(BrokerKeys.AutoCreateSubscriptionGroup);
        DefaultTopicQueueNums = values.Get(BrokerKeys.DefaultTopicQueueNums);
        ClusterTopicEnable = values.Get(BrokerKeys.ClusterTopicEnable);
        BrokerTopicEnable = values.Get(BrokerKeys.BrokerTopicEnable);
        ValidateSystemTopic = values.Get(BrokerKeys.ValidateSystemTopicWhenUpdateTopic);
        NotifyConsumerIdsChanged = values.Get(BrokerKeys.NotifyConsumerIdsChangedEnable);
        RejectPullConsumer = values.Get(BrokerKeys.RejectPullConsumerEnable);
        ChannelExpiredTimeout = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.ChannelExpiredTimeout));
        FlushConsumerOffsetInterval = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.FlushConsumerOffsetInterval));
        FlushDelayOffsetInterval = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.FlushDelayOffsetInterval));
        TraceTopicEnable = values.Get(BrokerKeys.TraceTopicEnable);
        TraceTopicName = values.Get(BrokerKeys.MsgTraceTopicName);
        TraceOn = values.Get(BrokerKeys.TraceOn);
        MaxMessageSize = values.Get(BrokerKeys.MaxMessageSize);
        LongPolling = values.Get(BrokerKeys.LongPollingEnable);
        ShortPollingMs = values.Get(BrokerKeys.ShortPollingTimeMills);
        MaxParkedPulls = values.Get(BrokerKeys.MaxParkedPulls);
        MaxParkedPullsPerConnection = values.Get(BrokerKeys.MaxParkedPullsPerConnection);
        MaxParkedPullsPerQueue = values.Get(BrokerKeys.MaxParkedPullsPerQueue);
        SlaveReadEnable = values.Get(BrokerKeys.SlaveReadEnable);
        MemoryRatio = values.Get(BrokerKeys.AccessMessageInMemoryMaxRatio);
        LitePullEnable = values.Get(BrokerKeys.LitePullMessageEnable);
        EnablePropertyFilter = values.Get(BrokerKeys.EnablePropertyFilter);
        WritesBitMaps = values.Get(BrokerKeys.EnableCalcFilterBitMap) && values.Get(BrokerKeys.EnableConsumeQueueExt);
        FilterSupportRetry = values.Get(BrokerKeys.FilterSupportRetry);
        ServerSideReset = values.Get(BrokerKeys.UseServerSideResetOffset);
        StoreReplies = values.Get(BrokerKeys.StoreReplyMessageEnable);
        DefaultQueryMaxNum = values.Get(BrokerKeys.DefaultQueryMaxNum);
        MaxMessagesNumBatch = values.Get(BrokerKeys.MaxMsgsNumBatch);
        DelayLevels = DelayLevels.TryParse(values.Get(BrokerKeys.MessageDelayLevel), out DelayLevels? levels)
            ? levels
            : throw new InvalidOperationException("messageDelayLevel was checked when it was read");
        TimerEnabled = values.Get(BrokerKeys.TimerWheelEnable);
        TimerMaxDelayMs = values.Get(BrokerKeys.TimerMaxDelaySec) * 1000L;
        TimerPrecisionMs = values.Get(BrokerKeys.TimerPrecisionMs) switch { < 200 => 100, < 500 => 200, < 1000 => 500, _ => 1000 };
        TimerRollWindowSlots = values.Get(BrokerKeys.TimerRollWindowSlot) is var slots and >= 2 and <= MaxRollWindowSlots ? slots : MaxRollWindowSlots;
        TimerMaxPerSlot = values.Get(BrokerKeys.TimerCongestNumEachSlot);
        TimerFlushInterval = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.TimerFlushIntervalMs));
        TimerLogFileBytes = values.Get(BrokerKeys.MappedFileSizeTimerLog);
        TimerStopsEnqueue = values.Get(BrokerKeys.TimerStopEnqueue);
        TimerStopsDequeue = values.Get(BrokerKeys.TimerStopDequeue);
        RecallEnabled = values.Get(BrokerKeys.RecallMessageEnable);
        RecallWhileNotWriteable = values.Get(BrokerKeys.AllowRecallWhenBrokerNotWriteable);
        RecallNamesTopic = values.Get(BrokerKeys.AppendTopicForTimerDeleteKey);
        RejectTransactions = values.Get(BrokerKeys.RejectTransactionMessage);
        TransactionTimeout = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.TransactionTimeOut));
        TransactionCheckMax = values.Get(BrokerKeys.TransactionCheckMax);
        TransactionCheckInterval = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.TransactionCheckInterval));
        HaMasterAddress = values.Get(BrokerKeys.HaMasterAddress);
        HaHeartbeatInterval = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.HaSendHeartbeatInterval));
        HaSilence = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.HaHousekeepingInterval));
        HaBatchBytes = values.Get(BrokerKeys.HaTransferBatchSize);
        HaMaxGap = values.Get(values.IsSet(BrokerKeys.HaMaxGapNotInSync) ? BrokerKeys.HaMaxGapNotInSync : BrokerKeys.HaSlaveFallbehindMax);
        HaBytesPerSecond = values.Get(BrokerKeys.HaFlowControlEnable) ? values.Get(BrokerKeys.MaxHaTransferByteInSecond) : long.MaxValue;
        MaxHaConnections = values.Get(BrokerKeys.MaxHaConnections);
        SlaveSyncInterval = TimeSpan.FromMilliseconds(values.Get(BrokerKeys.SlaveSyncInterval));
        InSyncReplicas = InSyncReplicasOf(values);
        MinInSyncReplicas = values.Get(BrokerKeys.MinInSyncReplicas);
        AllAckInSync = values.Get(BrokerKeys.AllAckInSyncStateSet);
        AutoInSyncReplicas = values.Get(BrokerKeys.EnableAutoInSyncReplicas);
        Group = values.Get(BrokerKeys.Failover) ? ElectionSettings.From(values) : null;
        FileReservedTime = TimeSpan.FromHours(values.Get(BrokerKeys.FileReservedTime));
        StoreRoot = OrElse(
            values.Get(BrokerKeys.StorePathRootDir),
            static () => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "store"));
        CommitLogFolder = OrElse(values.Get(BrokerKeys.StorePathCommitLog), () => Path.Combine(StoreRoot, "commitlog"));
        FlushDisk = values.Get(BrokerKeys.FlushDiskType);
        OffsetCheckInSlave = values.Get(BrokerKeys.OffsetCheckInSlave);
    }

    public PropertyValues Values { get; }

    public string ClusterName { get; }

    public byte[] ClusterNameUtf8 { get; }

    public string BrokerName { get; }

    /// <summary>The role at the start; what the broker is at a moment, <see cref="Roles.CurrentRole"/> tells.</summary>
    public BrokerRole Role { get; }

    /// <summary>The id at the start, see <see cref="Role"/>.</summary>
    public long BrokerId { get; }

    public string[] NameServers { get; }

    public IPAddress BindAddress { get; }

    public string BrokerIP1 { get; }

    public string BrokerIP2 { get; }

    public int ListenPort { get; }

    public int HaListenPort { get; }

    public int HttpPort { get; }

    /// <summary>Bits 2 write and 4 read.</summary>
    public int Permission { get; }

    public bool IsWriteable => (Permission & PermissionBits.Write) != 0;

    public bool IsReadable => (Permission & PermissionBits.Read) != 0;

    public TimeSpan RegisterPeriod { get; }

    /// <summary>The longest a member that has led goes on before it stops.</summary>
    public TimeSpan HandOverLinger { get; }

    /// <summary>Timeout of questions to other brokers about static topics, and to name servers about queues.</summary>
    public TimeSpan ForwardTimeout { get; }

    /// <summary>Largest age of the queues of a topic that members of a group are told to share.</summary>
    public TimeSpan QueuesPollInterval { get; }

    public TimeSpan RegisterTimeout { get; }

    public bool CompressedRegister { get; }

    /// <summary>Topics of one part of a registration; 0 when it is not split.</summary>
    public int SplitRegistrationSize { get; }

    public bool EnableSingleTopicRegister { get; }

    public string RegionId { get; }

    public byte[] RegionIdUtf8 { get; }

    public long StartAcceptSendTimestamp { get; }

    public Microsoft.Extensions.Logging.LogLevel LogLevel { get; }

    public TimeSpan IdleTimeout { get; }

    public int MaxConnections { get; }

    /// <summary>Limit of the configuration, as far as the memory allows.</summary>
    public int MaxGroups { get; }

    /// <inheritdoc cref="MaxGroups"/>
    public int MaxTopics { get; }

    public int MaxGroupsPerConnection { get; }

    /// <inheritdoc cref="MaxGroups"/>
    public int MaxConsumerOffsets { get; }

    /// <inheritdoc cref="MaxGroups"/>
    public int MaxRegistrations { get; }

    public int MaxSubscriptionsPerConnection { get; }

    public int MaxStatisticsKeys { get; }

    public int RemotingLoops { get; }

    public int LingerMicros { get; }

    public long MaxHeldBytes { get; }

    public TimeSpan HeldBytesTimeout { get; }

    public int MinFrameBytesPerSecond { get; }

    public bool AutoCreateTopic { get; }

    public bool AutoCreateGroup { get; }

    public int DefaultTopicQueueNums { get; }

    public bool ClusterTopicEnable { get; }

    public bool BrokerTopicEnable { get; }

    public bool ValidateSystemTopic { get; }

    public bool NotifyConsumerIdsChanged { get; }

    public bool RejectPullConsumer { get; }

    public TimeSpan ChannelExpiredTimeout { get; }

    public TimeSpan FlushConsumerOffsetInterval { get; }

    public TimeSpan FlushDelayOffsetInterval { get; }

    public bool TraceTopicEnable { get; }

    public string TraceTopicName { get; }

    public bool TraceOn { get; }

    public int MaxMessageSize { get; }

    public bool LongPolling { get; }

    public long ShortPollingMs { get; }

    public int MaxParkedPulls { get; }

    public int MaxParkedPullsPerConnection { get; }

    public int MaxParkedPullsPerQueue { get; }

    public bool SlaveReadEnable { get; }

    public int MemoryRatio { get; }

    public bool LitePullEnable { get; }

    /// <summary>SQL92 subscriptions are served.</summary>
    public bool EnablePropertyFilter { get; }

    /// <summary>Which SQL92 subscriptions a message matches is noted when it is dispatched.</summary>
    public bool WritesBitMaps { get; }

    /// <summary>SQL92 subscriptions filter retries too.</summary>
    public bool FilterSupportRetry { get; }

    /// <summary>Resets of offsets are kept here for the next pull instead of being pushed to members.</summary>
    public bool ServerSideReset { get; }

    public bool StoreReplies { get; }

    public int DefaultQueryMaxNum { get; }

    public int MaxMessagesNumBatch { get; }

    public DelayLevels DelayLevels { get; }

    public bool TimerEnabled { get; }

    /// <summary>Most milliseconds until the delivery of a message.</summary>
    public long TimerMaxDelayMs { get; }

    /// <summary>Milliseconds of a slot of the timer wheel.</summary>
    public int TimerPrecisionMs { get; }

    /// <summary>Slots after which a message that waits is stored anew.</summary>
    public int TimerRollWindowSlots { get; }

    public int TimerMaxPerSlot { get; }

    public TimeSpan TimerFlushInterval { get; }

    public int TimerLogFileBytes { get; }

    public bool TimerStopsEnqueue { get; }

    public bool TimerStopsDequeue { get; }

    public bool RecallEnabled { get; }

    public bool RecallWhileNotWriteable { get; }

    /// <summary>The key of a recall is topic and key of the message, joined by a plus.</summary>
    public bool RecallNamesTopic { get; }

    public bool RejectTransactions { get; }

    /// <summary>Age from which on the producer of a half is asked.</summary>
    public TimeSpan TransactionTimeout { get; }

    public int TransactionCheckMax { get; }

    public TimeSpan TransactionCheckInterval { get; }

    /// <summary>Empty when name servers are asked.</summary>
    public string HaMasterAddress { get; }

    public TimeSpan HaHeartbeatInterval { get; }

    /// <summary>Time without a sign after which the other end of a replication connection counts as gone.</summary>
    public TimeSpan HaSilence { get; }

    public int HaBatchBytes { get; }

    /// <summary>Bytes a slave may lack and still be in sync.</summary>
    public long HaMaxGap { get; }

    /// <summary>Bytes that one slave is sent a second at most; <see cref="long.MaxValue"/> without a limit.</summary>
    public long HaBytesPerSecond { get; }

    public int MaxHaConnections { get; }

    public TimeSpan SlaveSyncInterval { get; }

    /// <summary>Members, this one among them, that SYNC_MASTER waits for.</summary>
    public int InSyncReplicas { get; }

    /// <summary>Members, this one among them, below which SYNC_MASTER refuses messages.</summary>
    public int MinInSyncReplicas { get; }

    public bool AllAckInSync { get; }

    public bool AutoInSyncReplicas { get; }

    /// <summary>Settings of the group that elects its master; null when the master is fixed.</summary>
    public ElectionSettings? Group { get; }

    /// <summary>Time that messages are kept at least, while the disk has room.</summary>
    public TimeSpan FileReservedTime { get; }

    public string StoreRoot { get; }

    public string CommitLogFolder { get; }

    public FlushDiskType FlushDisk { get; }

    public bool OffsetCheckInSlave { get; }

    public static BrokerOptions From(PropertyValues values) => From(values, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <param name="values">Values of all keys.</param>
    /// <param name="memoryBytes">Bytes of memory that the process may have.</param>
    public static BrokerOptions From(PropertyValues values, long memoryBytes) => new(values, memoryBytes);

    /// <summary>Finds keys that contradict each other, which each key alone cannot tell. Empty when all is well.</summary>
    public static IReadOnlyList<PropertyProblem> FindContradictions(PropertyValues values)
    {
        List<PropertyProblem> problems = [];
        if (values.Get(BrokerKeys.Role) == BrokerRole.Slave && values.Get(BrokerKeys.BrokerId) == 0 && !values.Get(BrokerKeys.Failover))
        {
            problems.Add(new PropertyProblem(values.OriginOf(BrokerKeys.Role), BrokerKeys.Role.Name, "a SLAVE needs a brokerId above 0"));
        }

        if (values.Get(BrokerKeys.Failover))
        {
            problems.AddRange(ElectionSettings.FindFaults(values));
        }
        else if (values.Get(BrokerKeys.MinInSyncReplicas) > InSyncReplicasOf(values))
        {
            problems.Add(new PropertyProblem(
                values.OriginOf(BrokerKeys.MinInSyncReplicas), BrokerKeys.MinInSyncReplicas.Name, "must not be above inSyncReplicas, which is how many are waited for at most"));
        }

        int listenPort = values.Get(BrokerKeys.ListenPort);
        if (listenPort is > 0 and < 3)
        {
            problems.Add(new PropertyProblem(values.OriginOf(BrokerKeys.ListenPort), BrokerKeys.ListenPort.Name, "must be 3 or more, as the fast port is 2 below"));
        }

        return problems;
    }

    // With RocketMQ 5's default of 1 a SYNC_MASTER would acknowledge what no slave has, silently (store.md §7.1); 2 is what 4.9 does.
    private static int InSyncReplicasOf(PropertyValues values) => values.IsSet(BrokerKeys.InSyncReplicas) ? values.Get(BrokerKeys.InSyncReplicas) : 2;

    private static int Within(int most, long memoryBytes, int bytesOfEach) => (int)Math.Min(most, Math.Max(LeastEntries, memoryBytes / bytesOfEach));

    private static string OrElse(string text, Func<string> fallback) => text.Length > 0 ? text : fallback();

    private static bool IsSpecific(IPAddress address) => !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);

    private static string FirstLocalAddress()
    {
        foreach (NetworkInterface card in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (card.OperationalStatus != OperationalStatus.Up || card.NetworkInterfaceType == NetworkInterfaceType.Loopback)
            {
                continue;
            }

            foreach (UnicastIPAddressInformation unicast in card.GetIPProperties().UnicastAddresses)
            {
                if (unicast.Address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(unicast.Address))
                {
                    return unicast.Address.ToString();
                }
            }
        }

        return IPAddress.Loopback.ToString();
    }
}
