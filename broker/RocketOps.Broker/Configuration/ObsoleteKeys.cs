using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Configuration;

/// <summary>
/// Keys that published guides put into <c>broker.conf</c> and that RocketMQ does not read: names of earlier versions and misspelt ones.
/// RocketMQ passes over all of them in silence. A broker starts with them here too, and says of each which key was meant.
/// </summary>
internal static class ObsoleteKeys
{
    public static IReadOnlyList<PropertyDefinition> All { get; } =
    [
        Unsupported("mapedFileSizeCommitLog", "the key is mappedFileSizeCommitLog, in bytes"),
        Unsupported(
            "mapedFileSizeConsumeQueue",
            "the key is mappedFileSizeConsumeQueue, in bytes and not in messages: 20 bytes a message, so 6000000 for the 300000 of the guides. Do not set it "
                + "for a store whose queues have another length"),
        Unsupported("destroyMapedFileInterval", "the key is destroyMapedFileIntervalForcibly, and it has nothing to act on here"),
        Unsupported("checkTransactionMessageEnable", "transactions are always checked; transactionCheckInterval says how often"),
        Unsupported("defaltTopicQueueNums", "the key is defaultTopicQueueNums"),
        Unsupported("defaultReadQueueNums", "the key is defaultTopicQueueNums"),
        Unsupported("defaultWriteQueueNums", "the key is defaultTopicQueueNums"),
        Unsupported("storePathConsumerQueue", "queues are in consumequeue/ below storePathRootDir"),
        Unsupported("stroePathCommitLog", "the key is storePathCommitLog; compare the folder before you set it, the log may be elsewhere now"),
        Unsupported("listentPort", "the key is listenPort"),
        Unsupported("brokerTimerWheelEnable", "the key is timerWheelEnable"),
        Unsupported("pullThreadPoolNums", "the key is pullMessageThreadPoolNums, and it has nothing to act on here"),
        Unsupported("namesrvDomain", "the key is namesrvAddr; name servers are not asked for at an HTTP address"),
        Unsupported("enableTopicStats", "figures of each topic are always kept"),
        Unsupported("warmMappedFileEnable", "the key is warmMapedFileEnable"),
    ];
}
