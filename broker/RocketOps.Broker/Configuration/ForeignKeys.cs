using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Configuration;

/// <summary>
/// RocketMQ's keys that have no effect here: some have nothing to act on, some belong to features that are not available yet (the start says so), and a few would
/// be dangerous to pass over, so only the value that asks for nothing is allowed. Source: admin.md §5; those of 5.5 from its BrokerConfig and MessageStoreConfig.
/// </summary>
internal static class ForeignKeys
{
    // Sizes of thread pools and queues, and knobs of mapped files and of Netty: there are none of these.
    private static readonly string[] Nothing =
    [
        "rocketmqHome", "brokerConfigPath", "fetchNamesrvAddrByAddressServer", "fetchNameSrvAddrByDnsLookup", "fetchNamesrvAddrInterval", "updateNameServerAddrPeriod",
        "forceRegister", "compatibleWithOldNameSrv", "isBrokerContainer",
        "inBrokerContainer", "isolateLogEnable", "brokerHeartbeatInterval", "brokerNotActiveTimeoutMillis", "sendHeartbeatTimeoutMillis", "rmqAddressServerDomain", "rmqAddressServerSubGroup",
        "serverWorkerThreads", "serverCallbackExecutorThreads", "serverSelectorThreads", "serverOnewaySemaphoreValue", "serverAsyncSemaphoreValue", "serverSocketSndBufSize",
        "serverSocketRcvBufSize", "writeBufferHighWaterMark", "writeBufferLowWaterMark", "serverSocketBacklog", "serverPooledByteBufAllocatorEnable", "useEpollNativeSelector",
        "serverNettyWorkerGroupEnable", "enableShutdownGracefully", "shutdownWaitTimeSeconds", "clientWorkerThreads", "clientCallbackExecutorThreads", "clientOnewaySemaphoreValue",
        "clientAsyncSemaphoreValue", "connectTimeoutMillis", "channelNotActiveInterval", "clientChannelMaxIdleTimeSeconds", "clientSocketSndBufSize", "clientSocketRcvBufSize",
        "clientPooledByteBufAllocatorEnable", "clientCloseSocketIfTimeout", "isScanAvailableNameSrv", "socksProxyConfig", "disableCallbackExecutor", "disableNettyWorkerGroup",
        "maxReconnectIntervalTimeSeconds", "enableReconnectForGoAway", "enableMixedMessageType", "clearRetryTopicWhenDeleteTopic", "enableSplitMetadata", "splitMetadataSize",
        "enableCreateSysGroup", "useStaticSubscription", "configManagerVersion", "realTimeNotifyConsumerChange", "enableRegisterProducer", "subscriptionExpiredTimeout",
        "enableFastChannelEventProcess", "printChannelGroups", "printChannelGroupsMinNum", "enableNetWorkFlowControl", "flushConsumerOffsetHistoryInterval",
        "consumerOffsetUpdateVersionStep", "delayOffsetUpdateVersionStep", "enableBroadcastOffsetStore", "broadcastOffsetExpireSecond", "broadcastOffsetExpireMaxSecond",
        "lockInStrictMode", "enableDetailStat", "autoDeleteUnusedStats", "maxStatsIdleTimeInMinutes", "accountStatsEnable", "accountStatsPrintZeroValues", "commercialBaseCount",
        "commercialSizePerMsg", "enableLmqStats", "commercialEnable", "commercialTimerCount", "commercialTransCount", "commercialBigCount", "maxDelayTime", "filterServerNums",
        "brokerFastFailureEnable", "waitTimeMillsInSendQueue", "waitTimeMillsInPullQueue", "waitTimeMillsInHeartbeatQueue", "waitTimeMillsInTransactionQueue",
        "waitTimeMillsInLitePullQueue", "waitTimeMillsInAckQueue", "waitTimeMillsInAdminBrokerQueue", "sendMessageThreadPoolNums",
        "putMessageFutureThreadPoolNums", "pullMessageThreadPoolNums", "processReplyMessageThreadPoolNums", "queryMessageThreadPoolNums", "adminBrokerThreadPoolNums",
        "clientManageThreadPoolNums", "consumerManageThreadPoolNums", "heartbeatThreadPoolNums", "endTransactionThreadPoolNums", "litePullMessageThreadPoolNums", "ackMessageThreadPoolNums",
        "loadBalanceProcessorThreadPoolNums", "recoverThreadPoolNums", "sendThreadPoolQueueCapacity", "putThreadPoolQueueCapacity", "pullThreadPoolQueueCapacity",
        "replyThreadPoolQueueCapacity", "queryThreadPoolQueueCapacity", "clientManagerThreadPoolQueueCapacity", "consumerManagerThreadPoolQueueCapacity", "heartbeatThreadPoolQueueCapacity",
        "endTransactionPoolQueueCapacity", "litePullThreadPoolQueueCapacity", "ackThreadPoolQueueCapacity", "adminBrokerThreadPoolQueueCapacity", "loadBalanceThreadPoolQueueCapacity",
        "maxAsyncPutMessageRequests", "putMessageTimeout", "asyncSendEnable", "maxTopicLength", "transferMsgByHeap", "highSpeedMode", "accessMessageInMemoryHotRatio", "sampleSteps",
        "maxFilterMessageSize", "travelCqFileNumWhenGetMessage", "pullBatchMaxMessageCount", "diskFallRecorded",
        "filterDataCleanTimeSpan", "estimateAccumulation", "maxConsumeQueueScan", "sampleCountThreshold",
        "enableScheduleMessageStats", "enableScheduleAsyncDeliver", "scheduleAsyncDeliverMaxPendingLimit", "scheduleAsyncDeliverMaxResendNum2Blocked",
        "flushCommitLogTimed", "flushCommitLogLeastPages", "flushCommitLogThoroughInterval", "commitIntervalCommitLog", "commitCommitLogLeastPages", "commitCommitLogThoroughInterval",
        "flushIntervalConsumeQueue", "flushConsumeQueueLeastPages", "flushConsumeQueueThoroughInterval", "transientStorePoolEnable", "transientStorePoolSize",
        "fastFailIfNoBufferInStorePool", "flushLeastPagesWhenWarmMapedFile", "useReentrantLockWhenPutMessage", "deleteFileBatchMax",
        "logicalDiskSpaceCleanForciblyThreshold", "maxBatchDeleteFilesNum", "replicasPerDiskPartition", "cleanResourceInterval", "deleteCommitLogFilesInterval", "deleteConsumeQueueFilesInterval",
        "destroyMapedFileIntervalForcibly", "redeleteHangedFileInterval", "putMsgIndexHightWater", "debugLockEnable", "checkCRCOnRecover", "messageIndexSafe", "enableBatchPush",
        "isEnableBatchPush", "bitMapLengthConsumeQueueExt", "maxLmqConsumeQueueNum", "disappearTimeAfterStart",
        "autoMessageVersionOnTopicLen", "enableRunningFlagsInFlush", "maxRecoveryCommitlogFiles", "recoverConcurrently", "dispatchCqThreads", "dispatchCqCacheNum", "enableAsyncReput",
        "recheckReputOffsetFromCq", "dispatchFromSenderThread", "wakeCommitWhenPutMessage", "wakeFlushWhenPutMessage", "enableCleanExpiredOffset", "searchBcqByCacheEnable",
        "correctLogicMinOffsetSleepInterval", "correctLogicMinOffsetForceInterval", "topicQueueLockNum", "enableBuildConsumeQueueConcurrently", "batchDispatchRequestThreadPoolNums",
        "putConsumeQueueDataByFileChannel", "readUnCommitted", "writeWithoutMmap", "spinLockCollisionRetreatOptimalDegree", "useABSLock", "enableAcceleratedRecovery",
        "enableLogConsumeQueueRepeatedlyBuildWhenRecover", "mappedFileSwapEnable", "commitLogForceSwapMapInterval", "commitLogSwapMapInterval", "commitLogSwapMapReserveFileNum",
        "logicQueueForceSwapMapInterval", "logicQueueSwapMapInterval", "cleanSwapedMapInterval", "logicQueueSwapMapReserveFileNum",
        "duplicationEnable",
        "maxSlaveResendLength", "maxChecksumRange", "syncFromLastFile", "asyncLearner", "skipPreOnline", "syncBrokerMemberGroupPeriod", "syncBrokerMetadataPeriod", "checkSyncStateSetPeriod",
        "syncControllerMetadataPeriod", "controllerHeartBeatTimeoutMills", "brokerElectionPriority", "controllerAddr", "fetchControllerAddrByDnsLookup", "dLegerGroup", "dLegerPeers",
        "dLegerSelfId", "preferredLeaderId", "storePathEpochFile", "storePathBrokerIdentity", "storePathDLedgerCommitLog", "popPollingSize", "popPollingMapSize", "popPollingMapExpireTimeSeconds",
        "maxPopPollingSize", "popLongPollingForceNotifyInterval", "reviveQueueNum", "reviveInterval", "reviveMaxSlow", "reviveScanTime", "reviveAckWaitMs", "enablePopLog",
        "popConsumerKVServiceInit", "popConsumerFSServiceInit", "popConsumerKVServiceEnable", "popConsumerKVServiceLog", "appendAckAsync", "appendCkAsync", "enablePopBufferMerge", "enablePopBatchAck",
        "cleanOfflineBrokerInterval", "timerGetMessageThreadNum", "timerPutMessageThreadNum",
        "timerInterceptDelayLevel", "transactionMetricFlushInterval", "transactionOpMsgMaxSize", "transactionOpBatchInterval",
        "cgColdReadThreshold", "globalColdReadThreshold", "coldCtrStrategyEnable", "usePIDColdCtrStrategy", "coldDataFlowControlEnable", "coldDataScanEnable", "timerColdDataCheckIntervalMs",
        "dataReadAheadEnable", "metricsPromExporterPort", "metricsPromExporterHost", "metricsLabel", "metricsInDelta", "metricsOtelCardinalityLimit", "metricsGrpcExporterTarget",
        "metricsGrpcExporterHeader", "metricGrpcExporterTimeOutInMills", "metricGrpcExporterIntervalInMills", "metricLoggingExporterIntervalInMills", "disableConsumeIfConsumerReadSlowly",
        "consumerFallbehindThreshold",
        "aclCacheExpiredSecond", "aclCacheMaxNum", "aclCacheRefreshSecond", "authConfigPath", "authenticationMetadataProvider",
        "authenticationProvider", "authenticationStrategy", "authenticationWhitelist", "authorizationMetadataProvider", "authorizationProvider",
        "authorizationStrategy", "authorizationWhitelist", "bottomMostCompressionTypeForConsumeQueueStore", "checkCommitLogOffsetOnRecover",
        "cleanRocksDBDirtyCQIntervalMin", "clusterName", "combineAssignOffsetCQType", "combineCQEnableCheckSelf", "combineCQLoadingCQTypes",
        "combineCQMaxExtraSearchCommitLogFiles", "combineCQPreferCQType", "combineCQUseRocksdbForLmq", "commitLogRecoverMaxNum", "compactionCqMappedFileSize",
        "compactionMappedFileSize", "compactionScheduleInternal", "compactionThreadNum", "configName", "enableConnectionMetrics", "enableLagAndDlqMetrics",
        "enableLiteEventMode", "enableLitePopLog", "enableLmqQuota", "enableMessageStoreMetrics", "enableNotifyAfterPopOrderLockRelease",
        "enableNotifyBeforePopCalculateLag", "enablePopMessageThreshold", "enablePopMetrics", "enableRemotingMetrics", "enableRequestMetrics", "enableRocksDBLog",
        "enableSkipLongAwaitingAck", "enableStatsMetrics", "enableTransactionMetrics", "indexFileReadEnable", "indexFileWriteEnable", "initAuthenticationUser",
        "initPopOffsetByCheckMsgInMem", "innerClientAuthenticationCredentials", "iteratorWhenUseRocksdbConsumeQueue", "liteEventCheckInterval",
        "liteEventFullDispatchDelayTime", "liteEventFullDispatchDelayTimeForWildcardGroup", "liteLagCountMetricsEnable", "liteLagLatencyCollectEnable",
        "liteLagLatencyMetricsEnable", "liteLagLatencyTopK", "liteSubscriptionCheckInterval", "liteSubscriptionCheckTimeoutMills", "liteTtlCheckInterval",
        "maxClientEventCount", "maxLiteSubscriptionCount", "maxMessageFilterNumForNotification", "maxOffsetMapSize", "maxRocksDBIndexQueryDays",
        "memTableFlushIntervalMs", "metricsExportBatchMaxDataPoints", "minLiteTTl", "persistConsumerOffsetIncrementally", "popCkMaxBufferSize",
        "popCkOffsetMaxQueueSize", "popCkStayBufferTime", "popCkStayBufferTimeOut", "popFromRetryProbabilityForPriority", "popInflightMessageThreshold",
        "popResponseReturnActualRetryTopic", "popReviveConcurrency", "popReviveMaxAttemptTimes", "popReviveMaxReturnSizePerRead", "popReviveSkipIfGroupAbsent",
        "priorityOrderAsc", "realTimePersistRocksDBConfig", "retrieveMessageFromPopRetryTopicV1", "rocksdbCompressionType", "rocksdbFlushWalFrequency",
        "rocksdbWalFileRollingThreshold", "scanAvailableNameSrv", "sharedByteBufferNum", "skipWhenCKRePutReachMaxTimes", "statRocksDBCQIntervalSec",
        "statefulAuthenticationCacheExpiredSecond", "statefulAuthenticationCacheMaxNum", "statefulAuthorizationCacheExpiredSecond",
        "statefulAuthorizationCacheMaxNum", "syncMasterFlushOffsetWhenStartup", "timerEnableCheckMetrics", "timerEnableRetryUntilSuccess",
        "timerMetricSmallThreshold", "timerProgressLogIntervalMs", "timerRecallToTimeWheelEnable", "timerRecallToTimelineEnable", "timerReputServiceCorePoolSize",
        "timerReputServiceMaxPoolSize", "timerReputServiceQueueCapacity", "timerRocksDBPrecisionMs", "timerRocksDBRollIntervalHours", "timerRocksDBRollMaxTps",
        "timerRocksDBRollRangeHours", "timerRocksDBStopScan", "timerRocksDBTimeExpiredMaxTps", "timerSkipUnknownError", "timerWheelSnapshotFlush",
        "timerWheelSnapshotIntervalMs", "transWriteOriginTransHalfEnable", "transactionCheckRocksdbCoreThreads", "transactionCheckRocksdbMaxThreads",
        "transactionCheckRocksdbQueueCapacity", "useMessageFilterForNotification", "useSeparateRetryQueue", "useSeparateStorePathForRocksdbCQ",
        "useSingleRocksDBForAllConfigs", "userCacheExpiredSecond", "userCacheMaxNum", "userCacheRefreshSecond",
    ];

    private static readonly PropertyDefinition[] NotYet =
    [
        Unsupported("enableLmq", "light queues are not available yet"),
        Unsupported("enableMultiDispatch", "light queues are not available yet"),
        Unsupported("enableCompaction", "compaction topics are not available yet"),
        Unsupported("serverLoadBalancerEnable", "pop consumption is not available yet"),
        Unsupported("defaultMessageRequestMode", "pop consumption is not available yet"),
        Unsupported("defaultPopShareQueueNum", "pop consumption is not available yet"),
        Unsupported("popFromRetryProbability", "pop consumption is not available yet"),
        Unsupported("enableRetryTopicV2", "pop consumption is not available yet"),
        Unsupported("totalReplicas", "the slaves that are connected are counted; set inSyncReplicas and minInSyncReplicas"),
        Unsupported("readOnlyCommitLogStorePaths", "name one folder in storePathCommitLog"),
        Unsupported("storePathConsumeQueue", "RocketMQ does not read it either: queues are in consumequeue/ below storePathRootDir"),
        Unsupported("storePathIndex", "RocketMQ does not read it either: the index is in index/ below storePathRootDir"),
        Unsupported("storeCheckpoint", "RocketMQ does not read it either: the file is checkpoint below storePathRootDir"),
        Unsupported("abortFile", "RocketMQ does not read it either: the file is abort below storePathRootDir"),
        Unsupported("indexRocksDBEnable", "RocksDB is not used: queues, index and timers are in RocketMQ's files"),
        Unsupported("rocksdbCQDoubleWriteEnable", "RocksDB is not used: queues, index and timers are in RocketMQ's files"),
        Unsupported("timerRocksDBEnable", "RocksDB is not used: queues, index and timers are in RocketMQ's files"),
        Unsupported("transRocksDBEnable", "RocksDB is not used: queues, index and timers are in RocketMQ's files"),
        Unsupported("metricsExporterType", "set httpPort and read /metrics"),
        Unsupported("useTLS", "TLS is not available yet"),
        Unsupported("enabledAppendPropCRC", "the body's CRC is kept; checksums of properties are not available yet"),
        Unsupported("forceVerifyPropCRC", "the body's CRC is kept; checksums of properties are not available yet"),
    ];

    // Passing these over would leave a broker open, or a store in another place, than its owner believes.
    private static readonly PropertyDefinition[] MustBeOff =
    [
        Only("aclEnable", "false", "access control is not available yet"),
        Only("authenticationEnabled", "false", "access control is not available yet"),
        Only("authorizationEnabled", "false", "access control is not available yet"),
        Only("migrateAuthFromV1Enabled", "false", "access control is not available yet"),
        Only("enableDLegerCommitLog", "false", "use brokerRole, or the operator's failover"),
        Only("enableControllerMode", "false", "use brokerRole, or the operator's failover"),
        Only("enableSlaveActingMaster", "false", "use the operator's failover"),
        Only("enableRemoteEscape", "false", "use the operator's failover"),
        Only("storeType", "default", "RocksDB stores cannot be opened"),
        Text("messageStorePlugIn", string.Empty, "nothing (Java classes cannot be loaded)", static text => text.Length == 0),
    ];

    public static IEnumerable<PropertyDefinition> All =>
    [
        .. Nothing.Distinct(StringComparer.Ordinal).Select(static name => Ignored(name, "RocketMQ's; has nothing to act on here.")),
        .. NotYet,
        .. MustBeOff,
    ];
}
