using RocketOps.Broker.Replication.Frames;
using RocketOps.Election.Members;
using RocketOps.Hosting.Properties;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Protocol.Names;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Configuration;

/// <summary>
/// The configuration keys that take effect, with RocketMQ's names and defaults (admin.md §5). What RocketMQ knows besides is listed in <see cref="ForeignKeys"/>.
/// Keys that RocketMQ does not have say so in their description.
/// </summary>
internal static class BrokerKeys
{
    public static readonly PropertyDefinition<string> BrokerClusterName = Text("brokerClusterName", "DefaultCluster", description: "Cluster this broker belongs to.");
    public static readonly PropertyDefinition<string> BrokerName = Text("brokerName", string.Empty, description: "Name of the group of master and slaves; the host's name when not set.");
    public static readonly PropertyDefinition<long> BrokerId = Int64("brokerId", 0, 0, description: "0 is the master; a slave has another number.");
    public static readonly PropertyDefinition<string> NamesrvAddr = Text("namesrvAddr", string.Empty, live: true, description: "Name servers, `host:port` separated by `;`. Every address a host resolves to is used. NAMESRV_ADDR when not set.");
    public static readonly PropertyDefinition<string> BrokerIP1 = Text("brokerIP1", string.Empty, description: "Address clients are told; the first that is not loopback when not set.");
    public static readonly PropertyDefinition<string> BrokerIP2 = Text("brokerIP2", string.Empty, description: "Address slaves are told; brokerIP1 when not set.");
    public static readonly PropertyDefinition<string> BindAddress = Text("bindAddress", "0.0.0.0", "an IP address", static text => System.Net.IPAddress.TryParse(text, out _), description: "Address all ports are opened on.");
    public static readonly PropertyDefinition<int> ListenPort = Int32("listenPort", 10911, 0, 65535, description: "Remoting port; the fast port is this minus 2. 0 takes a free port (not in RocketMQ).");
    public static readonly PropertyDefinition<int> HaListenPort = Int32("haListenPort", 0, 0, 65535, description: "Port slaves are served on; listenPort + 1 when 0 (a free one when listenPort is 0).");
    public static readonly PropertyDefinition<int> HttpPort = Int32("httpPort", 0, -1, 65535, description: "Port of /livez, /readyz, /startupz and /metrics; 0 is off, -1 takes a free port. Not in RocketMQ.");
    public static readonly PropertyDefinition<BrokerRole> Role = Choice(
        "brokerRole", Configuration.BrokerRole.AsyncMaster,
        new Dictionary<string, BrokerRole>(StringComparer.Ordinal)
        {
            ["ASYNC_MASTER"] = Configuration.BrokerRole.AsyncMaster,
            ["SYNC_MASTER"] = Configuration.BrokerRole.SyncMaster,
            ["SLAVE"] = Configuration.BrokerRole.Slave,
        },
        description: "Role of this member. ASYNC_MASTER acknowledges a message when it has it itself, SYNC_MASTER when slaves have it too (inSyncReplicas).");

    public static readonly PropertyDefinition<int> BrokerPermission = Int32("brokerPermission", PermissionBits.ReadWrite, 0, PermissionBits.All, live: true, description: "2 write, 4 read, 6 both; told to name servers at once.");
    public static readonly PropertyDefinition<int> RegisterNameServerPeriod = Int32("registerNameServerPeriod", 30_000, description: "Milliseconds between registrations, kept between 10 000 and 60 000.");
    public static readonly PropertyDefinition<int> RegisterBrokerTimeoutMills = Int32("registerBrokerTimeoutMills", 24_000, 1, live: true, description: "Milliseconds a name server may take to answer.");
    public static readonly PropertyDefinition<int> ForwardTimeout = Int32("forwardTimeout", 3_000, 1, live: true, description: "Milliseconds another broker may take to answer what it is asked of a static topic, and a name server what it is asked for a group that leaves to brokers who reads what.");
    public static readonly PropertyDefinition<int> LoadBalancePollNameServerInterval = Int32("loadBalancePollNameServerInterval", 30_000, 1, description: "Milliseconds after which name servers are asked again for the queues of a topic that a group shares which leaves it to brokers who reads what.");
    public static readonly PropertyDefinition<bool> CompressedRegister = Boolean("compressedRegister", false, live: true, description: "Registrations are always compressed; otherwise from 1 MiB on, which is about 5 000 topics.");
    public static readonly PropertyDefinition<bool> EnableSplitRegistration = Boolean("enableSplitRegistration", false, live: true, description: "Registrations are sent in parts of splitRegistrationSize topics, uncompressed. Not with name servers that have deleteTopicWithBrokerRegistration=true.");
    public static readonly PropertyDefinition<int> SplitRegistrationSize = Int32("splitRegistrationSize", 800, 2, 50_000, live: true, description: "Topics of one part when enableSplitRegistration is true.");
    public static readonly PropertyDefinition<bool> EnableSingleTopicRegister = Boolean("enableSingleTopicRegister", false, live: true, description: "Name servers are told changed topics only, and all of them periodically. With 1 000 topics and more this is always so. Not with name servers that have deleteTopicWithBrokerRegistration=true.");
    public static readonly PropertyDefinition<string> RegionId = Text("regionId", "DefaultRegion", live: true, description: "Region told to producers and stored in messages.");
    public static readonly PropertyDefinition<long> StartAcceptSendRequestTimeStamp = Int64("startAcceptSendRequestTimeStamp", 0, live: true, description: "Sends before this time (ms since 1970) are refused.");
    public static readonly PropertyDefinition<string> ConfigBlackList = Text("configBlackList", "configBlackList;brokerConfigPath", description: "Keys that an update over the network may not change, separated by `;`.");
    public static readonly PropertyDefinition<int> ServerChannelMaxIdleTimeSeconds = Int32("serverChannelMaxIdleTimeSeconds", 120, 1, description: "Connections silent for so long are closed.");
    public static readonly PropertyDefinition<int> MaxConnections = Int32("maxConnections", 65_536, 1, description: "Connections beyond this are refused. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MaxGroupsPerConnection = Int32("maxGroupsPerConnection", 65_536, 1, live: true, description: "Consumer groups, and producer groups, that one connection may be a member of, and consumer groups that it may make by heartbeats, pulls, messages given back and modes; what would be more is refused. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MaxGroups = Int32("maxGroups", 100_000, 1, live: true, description: "Consumer groups, RocketMQ's own among them, up to which clients make more by heartbeats, pulls, messages given back and modes. Those that are there are served whatever their number; administration commands make more. Counts as one for each 16 KiB of the memory the process may have where that is less. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MaxTopics = Int32("maxTopics", 200_000, 1, live: true, description: "Topics, RocketMQ's own and those for retries and dead letters among them, up to which sends make more. Those that are there are served whatever their number; administration commands make more, and so do groups and what they give back. Counts as one for each 8 KiB of the memory the process may have where that is less. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MaxConsumerOffsets = Int32("maxConsumerOffsets", 1_000_000, 1, live: true, description: "Offsets of consumer groups, one for each group and queue, up to which clients commit the first one on a queue; those that are there are always changed. Counts as one for each 2 KiB of the memory the process may have where that is less. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MaxRegistrations = Int32("maxRegistrations", 1_000_000, 1, live: true, description: "Groups that all connections together are members of, and their subscriptions, long ones counting as for maxSubscriptionsPerConnection. Beyond it a heartbeat is refused that says more than the connection's last one, and more than 16. Counts as one for each 4 KiB of the memory the process may have where that is less. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MaxSubscriptionsPerConnection = Int32("maxSubscriptionsPerConnection", 10_000, 1, live: true, description: "Subscriptions that one connection may have, in all its consumer groups together, one counting once more for each 64 characters of its topic, expression and tags; heartbeats that name more are refused. Not in RocketMQ.");

    public static readonly PropertyDefinition<int> MaxStatisticsKeys = Int32("maxStatisticsKeys", 100_000, 0, live: true, description: "Pairs of group and topic whose reading is counted (VIEW_BROKER_STATS_DATA, rates of consumers); further ones show 0. About 1 KiB each while they are in use. Not in RocketMQ.");

    public static readonly PropertyDefinition<int> RemotingLoops = Int32("remotingLoops", 0, 0, 64, description: "Event loops (threads) that serve the remoting ports; 0 takes half of the processors, at least 1 and at most 8. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> LingerMicros = Int32("lingerMicros", 0, 0, 100_000, description: "Microseconds an event loop waits for more requests before it handles what has come: 200 halve the CPU of 10 000 messages/s and cost as much latency. Not in RocketMQ.");
    public static readonly PropertyDefinition<long> MaxHeldBytes = Int64("maxHeldBytes", 256L * 1024 * 1024, 32L * 1024 * 1024, description: "Bytes all connections together may hold for their peers (unfinished frames, requests in work and what is built for them, pulls that wait, answers not taken). Above it nothing new is read of connections that hold more than their share, and after heldBytesTimeout, or at once a quarter above it, the greediest are closed. Counts as a quarter of the memory the process may have (three quarters of a container's limit) where that is less. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> HeldBytesTimeout = Int32("heldBytesTimeout", 1_000, 1, 60_000, description: "Milliseconds maxHeldBytes may be exceeded before the greediest connections are closed, as many as it takes. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MinFrameBytesPerSecond = Int32("minFrameBytesPerSecond", 512, 0, 1024 * 1024, description: "Connections whose request has begun and comes more slowly, for half a minute, are closed; 0 closes none. Not in RocketMQ.");

    public static readonly PropertyDefinition<Microsoft.Extensions.Logging.LogLevel> LogLevel = Choice(
        "logLevel", Microsoft.Extensions.Logging.LogLevel.Information,
        new Dictionary<string, Microsoft.Extensions.Logging.LogLevel>(StringComparer.Ordinal)
        {
            ["DEBUG"] = Microsoft.Extensions.Logging.LogLevel.Debug,
            ["INFO"] = Microsoft.Extensions.Logging.LogLevel.Information,
            ["WARN"] = Microsoft.Extensions.Logging.LogLevel.Warning,
            ["ERROR"] = Microsoft.Extensions.Logging.LogLevel.Error,
        },
        description: "Least severe lines that are logged. Not in RocketMQ.");

    public static readonly PropertyDefinition<RocketOps.Hosting.Logging.LogFormat> LogFormat = Choice(
        "logFormat", RocketOps.Hosting.Logging.LogFormat.Text,
        new Dictionary<string, RocketOps.Hosting.Logging.LogFormat>(StringComparer.Ordinal) { ["TEXT"] = RocketOps.Hosting.Logging.LogFormat.Text, ["JSON"] = RocketOps.Hosting.Logging.LogFormat.Json },
        description: "Lines of the log: text for people, or one flat JSON object each, for what collects logs; why it does not start, too. Not in RocketMQ.");

    public static readonly PropertyDefinition<bool> AutoCreateTopicEnable = Boolean("autoCreateTopicEnable", true, live: true, description: "Topics come into being with the first send.");
    public static readonly PropertyDefinition<bool> AutoCreateSubscriptionGroup = Boolean("autoCreateSubscriptionGroup", true, live: true, description: "Groups come into being with the first heartbeat or pull.");
    public static readonly PropertyDefinition<int> DefaultTopicQueueNums = Int32("defaultTopicQueueNums", 8, 1, 65_536, live: true, description: "Most queues of a topic that a send creates.");
    public static readonly PropertyDefinition<bool> ClusterTopicEnable = Boolean("clusterTopicEnable", true, description: "The topic named like the cluster is readable and writable.");
    public static readonly PropertyDefinition<bool> BrokerTopicEnable = Boolean("brokerTopicEnable", true, description: "The topic named like the broker is readable and writable.");
    public static readonly PropertyDefinition<bool> ValidateSystemTopicWhenUpdateTopic = Boolean("validateSystemTopicWhenUpdateTopic", true, live: true, description: "System topics cannot be changed by administration requests.");
    public static readonly PropertyDefinition<bool> NotifyConsumerIdsChangedEnable = Boolean("notifyConsumerIdsChangedEnable", true, live: true, description: "Members of a group are told at once when it changes.");
    public static readonly PropertyDefinition<bool> RejectPullConsumerEnable = Boolean("rejectPullConsumerEnable", false, live: true, description: "Heartbeats of pull consumers are passed over, and pulls refused of who is no member of the group, where it is not online or one of pull consumers.");
    public static readonly PropertyDefinition<long> ChannelExpiredTimeout = Int64("channelExpiredTimeout", 120_000, 1_000, live: true, description: "Milliseconds without a heartbeat after which a client is gone.");
    public static readonly PropertyDefinition<int> FlushConsumerOffsetInterval = Int32("flushConsumerOffsetInterval", 5_000, 100, description: "Milliseconds between writes of consumerOffset.json.");
    public static readonly PropertyDefinition<long> FlushDelayOffsetInterval = Int64("flushDelayOffsetInterval", 10_000, 100, description: "Milliseconds between writes of delayOffset.json.");
    public static readonly PropertyDefinition<bool> TraceTopicEnable = Boolean("traceTopicEnable", false, description: "The message trace topic is created at start.");
    public static readonly PropertyDefinition<string> MsgTraceTopicName = Text("msgTraceTopicName", TopicNames.Trace, description: "Name of the message trace topic.");
    public static readonly PropertyDefinition<bool> TraceOn = Boolean("traceOn", true, live: true, description: "Told to producers with every send.");

    /// <summary>Bytes.</summary>
    public const int LargestMaxMessageSize = 15 * 1024 * 1024;

    public static readonly PropertyDefinition<int> MaxMessageSize = Int32("maxMessageSize", 4 * 1024 * 1024, 1, LargestMaxMessageSize, description: "Largest body in bytes that is taken from clients. A frame holds at most 16 MiB. Beyond 6 MB it costs memory, also after it was lowered (config/largestBody).");
    public static readonly PropertyDefinition<bool> LongPollingEnable = Boolean("longPollingEnable", true, live: true, description: "Pulls wait as long as they ask for; otherwise shortPollingTimeMills.");
    public static readonly PropertyDefinition<long> ShortPollingTimeMills = Int64("shortPollingTimeMills", 1_000, 1, live: true, description: "Milliseconds a pull waits when long polling is off.");
    public static readonly PropertyDefinition<int> MaxParkedPulls = Int32("maxParkedPulls", 1_000_000, 1, live: true, description: "Pulls that may wait at a time; further ones are answered at once. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MaxParkedPullsPerConnection = Int32("maxParkedPullsPerConnection", 16_384, 1, live: true, description: "Pulls of one connection that may wait at a time, one with a subscription of its own counting once more for each 32 bytes of it; further ones are answered at once. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MaxParkedPullsPerQueue = Int32("maxParkedPullsPerQueue", 100_000, 1, live: true, description: "Pulls that may wait for one queue at a time; further ones are answered at once. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MaxTransferBytesOnMessageInMemory = Int32("maxTransferBytesOnMessageInMemory", 262_144, 1, 8 * 1024 * 1024, live: true, description: "Bytes of one pull answer from memory.");
    public static readonly PropertyDefinition<int> MaxTransferCountOnMessageInMemory = Int32("maxTransferCountOnMessageInMemory", 32, 1, 65_536, live: true, description: "Messages of one pull answer from memory.");
    public static readonly PropertyDefinition<int> MaxTransferBytesOnMessageInDisk = Int32("maxTransferBytesOnMessageInDisk", 65_536, 1, 8 * 1024 * 1024, live: true, description: "Bytes of one pull answer of messages that are not in memory (accessMessageInMemoryMaxRatio), nor in the page cache.");
    public static readonly PropertyDefinition<int> MaxTransferCountOnMessageInDisk = Int32("maxTransferCountOnMessageInDisk", 8, 1, 65_536, live: true, description: "Messages of one pull answer that are not in memory (accessMessageInMemoryMaxRatio), nor in the page cache.");
    public static readonly PropertyDefinition<bool> SlaveReadEnable = Boolean("slaveReadEnable", false, live: true, description: "Consumers far behind are pointed to a slave.");
    public static readonly PropertyDefinition<int> AccessMessageInMemoryMaxRatio = Int32("accessMessageInMemoryMaxRatio", 40, 1, 100, live: true, description: "Percentage of the machine's memory within which messages count as in memory.");
    public static readonly PropertyDefinition<bool> LitePullMessageEnable = Boolean("litePullMessageEnable", true, live: true, description: "Lite pull requests are served.");
    public static readonly PropertyDefinition<bool> EnablePropertyFilter = Boolean("enablePropertyFilter", false, live: true, description: "Consumers may filter by properties with SQL92 expressions.");
    public static readonly PropertyDefinition<bool> EnableCalcFilterBitMap = Boolean("enableCalcFilterBitMap", false, description: "Each message is compared once with the SQL92 expressions of all groups, so that pulls need not read what does not match. Without effect unless enableConsumeQueueExt.");
    public static readonly PropertyDefinition<int> ExpectConsumerNumUseFilter = Int32("expectConsumerNumUseFilter", 32, 1, 8_192, description: "Groups of a topic that filter by SQL92, for the size of the bit maps; four times as many get bits.");
    public static readonly PropertyDefinition<int> MaxErrorRateOfBloomFilter = Int32("maxErrorRateOfBloomFilter", 20, 1, 99, description: "Percent of the messages that are read in vain in spite of the bit maps, at most.");
    public static readonly PropertyDefinition<bool> FilterSupportRetry = Boolean("filterSupportRetry", false, live: true, description: "The SQL92 expression of the topic a message came from filters the group's retry topic too.");
    public static readonly PropertyDefinition<bool> StoreReplyMessageEnable = Boolean("storeReplyMessageEnable", true, live: true, description: "Replies to requests are stored, besides being handed to the client that waits.");
    public static readonly PropertyDefinition<bool> UseServerSideResetOffset = Boolean("useServerSideResetOffset", false, live: true, description: "A reset of a group's offsets is kept by the broker and told with the next pull, so that groups that are offline can be reset too; otherwise it is pushed to members that are online, as with 4.9. RocketMQ 5.x has true.");
    public static readonly PropertyDefinition<int> DefaultQueryMaxNum = Int32("defaultQueryMaxNum", 32, 1, 4_096, live: true, description: "Messages of a query by unique key.");
    public static readonly PropertyDefinition<int> MaxMsgsNumBatch = Int32("maxMsgsNumBatch", 64, 1, 4_096, live: true, description: "Most messages of any query by key.");
    public static readonly PropertyDefinition<string> MessageDelayLevel = Text("messageDelayLevel", DelayLevels.DefaultText, "times such as 10s 5m 1h 2d separated by blanks", static text => DelayLevels.TryParse(text, out _), description: "The delay levels, from level 1 on.");

    public static readonly PropertyDefinition<bool> TimerWheelEnable = Boolean("timerWheelEnable", true, description: "Messages may name the time of their delivery (TIMER_DELIVER_MS, TIMER_DELAY_SEC, TIMER_DELAY_MS).");
    public static readonly PropertyDefinition<int> TimerMaxDelaySec = Int32("timerMaxDelaySec", 259_200, 1, live: true, description: "Seconds a message may be delayed at most; what waits for longer than timerRollWindowSlot is stored anew on the way, so that retention does not take it.");
    public static readonly PropertyDefinition<int> TimerPrecisionMs = Int32("timerPrecisionMs", 1_000, 100, 1_000, description: "Milliseconds of a step of the timer wheel: 100, 200, 500 or 1000, to which another number is rounded down. When it is changed the wheel is made anew from the messages that wait.");
    public static readonly PropertyDefinition<int> TimerRollWindowSlot = Int32("timerRollWindowSlot", 172_800, 0, description: "Steps after which a message that waits is stored anew. Below 2, or above 604 740: 604 740.");
    public static readonly PropertyDefinition<int> TimerCongestNumEachSlot = Int32("timerCongestNumEachSlot", int.MaxValue, 1, live: true, description: "Messages that may wait for the same step: above it sends for that step are refused ever more often, from twice as many on always.");
    public static readonly PropertyDefinition<int> TimerFlushIntervalMs = Int32("timerFlushIntervalMs", 1_000, 10, live: true, description: "Milliseconds between flushes of timer wheel, timer log and their checkpoint.");
    public static readonly PropertyDefinition<int> MappedFileSizeTimerLog = Int32("mappedFileSizeTimerLog", 100 * 1024 * 1024, 4_096, description: "Bytes of a timer-log file; an existing log keeps its own.");
    public static readonly PropertyDefinition<bool> TimerStopEnqueue = Boolean("timerStopEnqueue", false, live: true, description: "Messages with a delivery time are stored, and not looked at.");
    public static readonly PropertyDefinition<bool> TimerStopDequeue = Boolean("timerStopDequeue", false, live: true, description: "Messages that are due are not delivered.");

    public static readonly PropertyDefinition<bool> RecallMessageEnable = Boolean("recallMessageEnable", false, live: true, description: "Producers may recall messages that wait for their time.");
    public static readonly PropertyDefinition<bool> AllowRecallWhenBrokerNotWriteable = Boolean("allowRecallWhenBrokerNotWriteable", true, live: true, description: "Messages may be recalled while brokerPermission forbids sends.");
    public static readonly PropertyDefinition<bool> AppendTopicForTimerDeleteKey = Boolean("appendTopicForTimerDeleteKey", false, live: true, description: "A recall names topic and key of the message, as RocketMQ 5.3 does, and not the key alone. Both are understood.");

    public static readonly PropertyDefinition<bool> RejectTransactionMessage = Boolean("rejectTransactionMessage", false, live: true, description: "Halves of transactions are refused.");
    public static readonly PropertyDefinition<long> TransactionTimeOut = Int64("transactionTimeOut", 6_000, 0, live: true, description: "Milliseconds after its birth from which on the producer of a half is asked what became of it.");
    public static readonly PropertyDefinition<int> TransactionCheckMax = Int32("transactionCheckMax", 15, 1, live: true, description: "Questions after which a half is given up and kept in TRANS_CHECK_MAX_TIME_TOPIC.");
    public static readonly PropertyDefinition<long> TransactionCheckInterval = Int64("transactionCheckInterval", 30_000, 100, live: true, description: "Milliseconds between two rounds of questions.");

    public static readonly PropertyDefinition<string> HaMasterAddress = Text("haMasterAddress", string.Empty, description: "Replication address of the master, `host:port`, for a slave that is not to ask its name servers for it.");
    public static readonly PropertyDefinition<int> HaSendHeartbeatInterval = Int32("haSendHeartbeatInterval", 5_000, 10, live: true, description: "Milliseconds without anything to send after which master and slave let each other know that they are there. With failover=Automatic a slave does so after leaseRenewMillis, if that is shorter.");
    public static readonly PropertyDefinition<int> HaHousekeepingInterval = Int32("haHousekeepingInterval", 20_000, 10, live: true, description: "Milliseconds without a sign of the other after which master and slave close their connection.");
    public static readonly PropertyDefinition<int> HaTransferBatchSize = Int32("haTransferBatchSize", 32_768, 1, HaFrames.MaxBodyBytes, live: true, description: "Most bytes of the log in one frame to a slave.");
    public static readonly PropertyDefinition<int> HaSlaveFallbehindMax = Int32("haSlaveFallbehindMax", 256 * 1024 * 1024, 1, live: true, description: "Bytes a slave may be behind and still count as in sync.");
    public static readonly PropertyDefinition<int> HaMaxGapNotInSync = Int32("haMaxGapNotInSync", 256 * 1024 * 1024, 1, live: true, description: "The same under RocketMQ 5's name; counts before haSlaveFallbehindMax when set.");
    public static readonly PropertyDefinition<bool> HaFlowControlEnable = Boolean("haFlowControlEnable", false, live: true, description: "maxHaTransferByteInSecond is kept to.");
    public static readonly PropertyDefinition<long> MaxHaTransferByteInSecond = Int64("maxHaTransferByteInSecond", 100L * 1024 * 1024, 1_024, live: true, description: "Bytes a second that each slave is sent at most.");
    public static readonly PropertyDefinition<int> MaxHaConnections = Int32("maxHaConnections", 16, 1, 1_024, live: true, description: "Slaves that may be connected; more are refused. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> SlaveSyncInterval = Int32("slaveSyncInterval", 10_000, 100, description: "Milliseconds between the times a slave takes over topics, groups and offsets of its master. Not in RocketMQ, which has 10 s (4.9).");
    public static readonly PropertyDefinition<int> SlaveTimeout = Int32("slaveTimeout", 3_000, 1, live: true, description: "Milliseconds a send waits for the slaves before it is answered FLUSH_SLAVE_TIMEOUT. With failover=Automatic it is answered code 14 and waits for haMaxTimeSlaveNotCatchup and leaseRenewMillis together at least, so that a member that hangs is in sync no longer before.");
    public static readonly PropertyDefinition<int> InSyncReplicas = Int32("inSyncReplicas", 1, 1, 16, live: true, description: "Members, the master among them, that have a message before SYNC_MASTER acknowledges it. When not set, 2: RocketMQ 5's default of 1 would wait for no slave.");
    public static readonly PropertyDefinition<int> MinInSyncReplicas = Int32("minInSyncReplicas", 1, 1, 16, live: true, description: "Members, the master among them, that must be in sync for SYNC_MASTER to take messages; with fewer they are refused. At 1 they are taken, and answered SLAVE_NOT_AVAILABLE.");
    public static readonly PropertyDefinition<bool> AllAckInSyncStateSet = Boolean("allAckInSyncStateSet", false, live: true, description: "Every slave that is in sync must have a message before SYNC_MASTER acknowledges it.");
    public static readonly PropertyDefinition<bool> EnableAutoInSyncReplicas = Boolean("enableAutoInSyncReplicas", false, live: true, description: "When fewer members than inSyncReplicas are in sync, SYNC_MASTER waits for those there are, but for no fewer than minInSyncReplicas.");

    public static readonly PropertyDefinition<bool> Failover = Choice(
        "failover", false, new Dictionary<string, bool>(StringComparer.Ordinal) { ["None"] = false, ["Automatic"] = true },
        description: "Automatic: the members of the group elect their master (docs/replication.md); brokerRole and brokerId are not to be set then. Not in RocketMQ, nor are the keys from here to replicationMode.");
    public static readonly PropertyDefinition<string> MemberName = Text("memberName", string.Empty, description: "Name of this member, one of groupMembers, the same for ever.");
    public static readonly PropertyDefinition<string> GroupMembers = Text("groupMembers", string.Empty, description: "All members of the group, this one among them: `name@host:port` separated by `,`, with each one's remoting address. As a slave, the first has the id 1, the second 2.");
    public static readonly PropertyDefinition<string> LeaseStore = Text("leaseStore", string.Empty, description: "Where the group keeps its lease: `kubernetes:NAMESPACE/NAME`, a Lease of the cluster this pod runs in, or `file:/path`, a file that all members share (one machine).");
    public static readonly PropertyDefinition<string> KubernetesCredentials = Text("kubernetesCredentials", InClusterConfiguration.DefaultDirectory, description: "With leaseStore=kubernetes:…: folder of the service account's `token` and `ca.crt`.");
    public static readonly PropertyDefinition<string> MasterSlice = Text("masterSlice", string.Empty, description: "With leaseStore=kubernetes:…: EndpointSlice, in the lease's namespace, of the Service that clients reach the group's master by. Whoever leads puts its pod's address (POD_IP) there.");
    public static readonly PropertyDefinition<string> MasterIP1 = Text("masterIP1", string.Empty, description: "With failover=Automatic: host that clients are told while this member leads, an address that follows the master. brokerIP1 when not set.");
    public static readonly PropertyDefinition<int> HandOverLingerMillis = Int32("handOverLingerMillis", 35_000, 0, 600_000, live: true, description: "With failover=Automatic: milliseconds that a member which has led goes on, at most, before it stops: it passes on to the new master what clients still ask of it. With masterIP1 it is over once nobody comes any more, after 5 s or a few more; without, clients ask for routes every 30 s.");
    public static readonly PropertyDefinition<int> LeaseDurationMillis = Int32("leaseDurationMillis", 6_000, 1, 3_600_000, description: "Milliseconds after which a lease that was not renewed may be taken by another member.");
    public static readonly PropertyDefinition<int> LeaseRenewMillis = Int32("leaseRenewMillis", 1_500, 1, 3_600_000, description: "Milliseconds between two renewals of the lease, each a write to the lease store. When not set, less, down to 1000, where leaseDurationMillis less leaseMarginMillis, or haMaxTimeSlaveNotCatchup, is shorter than three of the default.");
    public static readonly PropertyDefinition<int> HaMaxTimeSlaveNotCatchup = Int32("haMaxTimeSlaveNotCatchup", 5_000, 100, 3_600_000, description: "With failover=Automatic: milliseconds after which a member that has not caught up with the master is in sync no longer. Until then acknowledgements, and what consumers see, wait for it. Three times leaseRenewMillis or more. RocketMQ's default is 15000.");
    public static readonly PropertyDefinition<int> HandOverTimeoutMillis = Int32("handOverTimeoutMillis", 5_000, 100, 3_600_000, description: "Milliseconds after which a planned switchover whose successor has not caught up is given up, and the master goes on. Messages are refused meanwhile.");
    public static readonly PropertyDefinition<int> LeaseMarginMillis = Int32("leaseMarginMillis", 1_000, 1, 3_600_000, description: "Milliseconds before the end of its lease from which on a master acknowledges nothing.");
    public static readonly PropertyDefinition<bool> ApiOutage = Choice(
        "apiOutage", false, new Dictionary<string, bool>(StringComparer.Ordinal) { ["Refuse"] = false, ["Serve"] = true },
        description: "With failover=Automatic and replicationMode=Async, without effect otherwise: what a master does that cannot renew its lease, as the lease store is away. Refuse: it takes no messages from the end of its lease on. Serve: it goes on as long as every copy in sync follows it; when another member takes the lease meanwhile, what it took since then, up to about 5 s, is lost to the group and kept in `diverged/`.");

    public static readonly PropertyDefinition<ReplicationMode> ReplicationModeOfGroup = Choice(
        "replicationMode", ReplicationMode.Sync,
        new Dictionary<string, ReplicationMode>(StringComparer.Ordinal) { ["Sync"] = ReplicationMode.Sync, ["Async"] = ReplicationMode.Async },
        description: "With failover=Automatic. Sync: a message is acknowledged when every copy that is in sync has it, minInSyncReplicas at least. Async: when the master has it.");

    public static readonly PropertyDefinition<string> StorePathRootDir = Text("storePathRootDir", string.Empty, description: "Folder of everything stored; `store` in the user's home when not set.");
    public static readonly PropertyDefinition<string> StorePathCommitLog = Text("storePathCommitLog", string.Empty, description: "Folder of the commit log; `commitlog` below storePathRootDir when not set.");
    public static readonly PropertyDefinition<long> StoreVolumeBytes = Int64("storeVolumeBytes", 0, 0, description: "Bytes of the volume that the store has; 0 asks the file system. Lengths of files that are not set follow it. Not in RocketMQ.");
    public static readonly PropertyDefinition<int> MappedFileSizeCommitLog = Int32("mappedFileSizeCommitLog", 1024 * 1024 * 1024, 4_096, description: "Bytes of a commit-log file, and most a message can have. When not set, the length an existing store has, else an eighth of the volume, at most the default.");
    public static readonly PropertyDefinition<int> MappedFileSizeConsumeQueue = Int32("mappedFileSizeConsumeQueue", 300_000 * 20, 20, description: "Bytes of a consume-queue file, rounded up to a multiple of 20. In proportion to mappedFileSizeCommitLog when neither is set.");
    public static readonly PropertyDefinition<int> MapperFileSizeBatchConsumeQueue = Int32("mapperFileSizeBatchConsumeQueue", 300_000 * 46, 46, description: "Bytes of a file of a batch consume queue, rounded up to a multiple of 46. In proportion to mappedFileSizeCommitLog when neither is set.");
    public static readonly PropertyDefinition<bool> EnableConsumeQueueExt = Boolean("enableConsumeQueueExt", false, description: "Units of consume queues have extensions in consumequeue_ext, which hold the bit maps of enableCalcFilterBitMap. Those of a store that has some are read in any case.");
    public static readonly PropertyDefinition<int> MappedFileSizeConsumeQueueExt = Int32("mappedFileSizeConsumeQueueExt", 48 * 1024 * 1024, 1_024, description: "Bytes of a file of extensions; it takes no more room than what is in it.");
    public static readonly PropertyDefinition<int> MaxHashSlotNum = Int32("maxHashSlotNum", 5_000_000, 1, description: "Hash slots of an index file. In proportion to mappedFileSizeCommitLog when neither is set.");
    public static readonly PropertyDefinition<int> MaxIndexNum = Int32("maxIndexNum", 20_000_000, 1, description: "Entries of an index file. In proportion to mappedFileSizeCommitLog when neither is set.");
    public static readonly PropertyDefinition<bool> MessageIndexEnable = Boolean("messageIndexEnable", true, description: "Keys are indexed.");
    public static readonly PropertyDefinition<RocketOps.Store.Contracts.FlushDiskType> FlushDiskType = Choice(
        "flushDiskType", RocketOps.Store.Contracts.FlushDiskType.AsyncFlush,
        new Dictionary<string, RocketOps.Store.Contracts.FlushDiskType>(StringComparer.Ordinal)
        {
            ["ASYNC_FLUSH"] = RocketOps.Store.Contracts.FlushDiskType.AsyncFlush,
            ["SYNC_FLUSH"] = RocketOps.Store.Contracts.FlushDiskType.SyncFlush,
        },
        description: "Sends are acknowledged when the kernel has them (ASYNC_FLUSH; a killed broker loses nothing) or when the disk has them (SYNC_FLUSH).");

    public static readonly PropertyDefinition<int> FlushIntervalCommitLog = Int32("flushIntervalCommitLog", 500, 1, live: true, description: "Milliseconds between flushes with ASYNC_FLUSH.");
    public static readonly PropertyDefinition<int> OsPageCacheBusyTimeout = Int32("osPageCacheBusyTimeOutMills", 1_000, 1, live: true, description: "Sends are answered SYSTEM_BUSY while the write that runs has been in the kernel for longer than this, in milliseconds.");

    public static readonly PropertyDefinition<bool> WarmMapedFileEnable = Boolean("warmMapedFileEnable", false, description: "The next commit-log file is filled with zeros ahead of need, paced: shortens the longest waits of SYNC_FLUSH, writes every log byte twice.");
    public static readonly PropertyDefinition<int> SyncFlushTimeout = Int32("syncFlushTimeout", 5_000, 1, live: true, description: "Milliseconds a send waits for the disk before it is answered FLUSH_DISK_TIMEOUT.");
    public static readonly PropertyDefinition<string> DeleteWhen = Text("deleteWhen", "04", "hours of the day separated by `;`", static text => IsHours(text), live: true, description: "Hours in which expired files are deleted.");
    public static readonly PropertyDefinition<int> FileReservedTime = Int32("fileReservedTime", 72, 1, live: true, description: "Hours after which a commit-log file has expired.");
    public static readonly PropertyDefinition<int> DiskMaxUsedSpaceRatio = Int32("diskMaxUsedSpaceRatio", 75, 1, 100, live: true, description: "Percentage of used disk above which expired files are deleted at any hour.");
    public static readonly PropertyDefinition<int> DiskSpaceWarningLevelRatio = Int32("diskSpaceWarningLevelRatio", 90, 1, 100, live: true, description: "Percentage of used disk above which sends are refused. When not set, only while less than a quarter of a commit-log file is free.");
    public static readonly PropertyDefinition<int> DiskSpaceCleanForciblyRatio = Int32("diskSpaceCleanForciblyRatio", 85, 1, 100, live: true, description: "Percentage of used disk above which files are deleted whatever their age. When not set, only while less than four commit-log files are free.");
    public static readonly PropertyDefinition<bool> CleanFileForciblyEnable = Boolean("cleanFileForciblyEnable", true, live: true, description: "Files may be deleted before they have expired when the disk fills up.");
    public static readonly PropertyDefinition<bool> OffsetCheckInSlave = Boolean("offsetCheckInSlave", false, live: true, description: "A slave corrects offsets of pulls as a master does.");

    /// <summary>Every key this broker knows, whether it takes effect or not.</summary>
    public static readonly PropertyCatalog Catalog = new(
    [
        BrokerClusterName, BrokerName, BrokerId, NamesrvAddr, BrokerIP1, BrokerIP2, BindAddress, ListenPort, HaListenPort, HttpPort, Role, BrokerPermission,
        RegisterNameServerPeriod, RegisterBrokerTimeoutMills, ForwardTimeout, LoadBalancePollNameServerInterval, CompressedRegister, EnableSplitRegistration, SplitRegistrationSize, EnableSingleTopicRegister, RegionId,
        StartAcceptSendRequestTimeStamp, ConfigBlackList, ServerChannelMaxIdleTimeSeconds, MaxConnections, MaxGroups, MaxTopics, MaxConsumerOffsets, MaxRegistrations, MaxGroupsPerConnection, MaxSubscriptionsPerConnection, MaxStatisticsKeys, RemotingLoops, LingerMicros, MaxHeldBytes, HeldBytesTimeout, MinFrameBytesPerSecond, LogLevel, LogFormat,
        AutoCreateTopicEnable, AutoCreateSubscriptionGroup, DefaultTopicQueueNums, ClusterTopicEnable, BrokerTopicEnable, ValidateSystemTopicWhenUpdateTopic,
        NotifyConsumerIdsChangedEnable, RejectPullConsumerEnable, ChannelExpiredTimeout, FlushConsumerOffsetInterval, FlushDelayOffsetInterval, TraceTopicEnable,
        MsgTraceTopicName, TraceOn, MaxMessageSize, LongPollingEnable, ShortPollingTimeMills, MaxParkedPulls, MaxParkedPullsPerConnection, MaxParkedPullsPerQueue, MaxTransferBytesOnMessageInMemory,
        MaxTransferCountOnMessageInMemory, MaxTransferBytesOnMessageInDisk, MaxTransferCountOnMessageInDisk, SlaveReadEnable, AccessMessageInMemoryMaxRatio,
        LitePullMessageEnable, EnablePropertyFilter, EnableCalcFilterBitMap, ExpectConsumerNumUseFilter, MaxErrorRateOfBloomFilter, FilterSupportRetry, StoreReplyMessageEnable, UseServerSideResetOffset, DefaultQueryMaxNum, MaxMsgsNumBatch, MessageDelayLevel,
        TimerWheelEnable, TimerMaxDelaySec, TimerPrecisionMs, TimerRollWindowSlot, TimerCongestNumEachSlot, TimerFlushIntervalMs, MappedFileSizeTimerLog, TimerStopEnqueue, TimerStopDequeue,
        RecallMessageEnable, AllowRecallWhenBrokerNotWriteable, AppendTopicForTimerDeleteKey,
        RejectTransactionMessage, TransactionTimeOut, TransactionCheckMax, TransactionCheckInterval,
        HaMasterAddress, HaSendHeartbeatInterval, HaHousekeepingInterval, HaTransferBatchSize, HaSlaveFallbehindMax, HaMaxGapNotInSync, HaFlowControlEnable, MaxHaTransferByteInSecond,
        MaxHaConnections, SlaveSyncInterval, SlaveTimeout, InSyncReplicas, MinInSyncReplicas, AllAckInSyncStateSet, EnableAutoInSyncReplicas,
        Failover, MemberName, GroupMembers, LeaseStore, LeaseDurationMillis, LeaseRenewMillis, LeaseMarginMillis, HaMaxTimeSlaveNotCatchup, HandOverTimeoutMillis, ReplicationModeOfGroup, ApiOutage, KubernetesCredentials, MasterSlice, MasterIP1, HandOverLingerMillis, StorePathRootDir, StorePathCommitLog, StoreVolumeBytes, MappedFileSizeCommitLog,
        MappedFileSizeConsumeQueue, MapperFileSizeBatchConsumeQueue, EnableConsumeQueueExt, MappedFileSizeConsumeQueueExt, MaxHashSlotNum, MaxIndexNum, MessageIndexEnable, FlushDiskType, FlushIntervalCommitLog, OsPageCacheBusyTimeout, WarmMapedFileEnable, SyncFlushTimeout, DeleteWhen, FileReservedTime,
        DiskMaxUsedSpaceRatio, DiskSpaceWarningLevelRatio, DiskSpaceCleanForciblyRatio, CleanFileForciblyEnable, OffsetCheckInSlave,
        .. ForeignKeys.All,
    ]);

    private static bool IsHours(string text)
    {
        foreach (string hour in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(hour, out int value) || value is < 0 or > 23)
            {
                return false;
            }
        }

        return true;
    }
}
