using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Entities;

/// <summary>Desired state of a topic, as its user writes it.</summary>
[ValidationRule(
    "has(self.topicName) == has(oldSelf.topicName) && (!has(self.topicName) || self.topicName == oldSelf.topicName)",
    "topicName cannot change: the messages would stay behind. Make another Topic object for the new name.")]
[ValidationRule(
    "!has(self.writeQueues) || self.readQueues >= self.writeQueues",
    "writeQueues must not be larger than readQueues: consumers would never see the messages of the queues above it.")]
public sealed class TopicSpec
{
    [Required]
    [Description("The BrokerCluster that holds the topic. Cannot change.")]
    [ValidationRule("self.name == oldSelf.name", "clusterRef.name cannot change: the messages would stay behind. Make another Topic object for the other cluster.")]
    [ValidationRule("has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)", "clusterRef.namespace cannot change: the messages would stay behind. Make another Topic object for the other cluster.")]
    public ClusterReference ClusterRef { get; set; } = new();

    [Description("Name on the brokers, if it is not the object's own. Cannot change.")]
    [Length(1, TopicNames.MaxLength)]
    [Pattern(NameLetters.Pattern)]
    [ValidationRule(
        "!self.startsWith('%RETRY%') && !self.startsWith('%DLQ%') && !self.startsWith('rmq_sys_')",
        "topicName may not start with %RETRY%, %DLQ% or rmq_sys_: brokers make these topics themselves.")]
    [ValidationRule(
        "!(self in ['BenchmarkTest','CHECKPOINT_TOPIC','OFFSET_MOVED_EVENT','RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC','RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC','RMQ_SYS_TRACE_TOPIC','RMQ_SYS_TRANS_HALF_TOPIC','RMQ_SYS_TRANS_OP_HALF_TOPIC','SCHEDULE_TOPIC_XXXX','SELF_TEST_TOPIC','TBW102','TRANS_CHECK_MAX_TIME_TOPIC'])",
        "topicName is one of the topics brokers make themselves. Choose another name.")]
    public string? TopicName { get; set; }

    [Description("Queues per broker consumers read from. When it shrinks, the queues that go are emptied first.")]
    [DefaultValue(8)]
    [RangeMinimum(1)]
    [RangeMaximum(1024)]
    public int ReadQueues { get; set; } = 8;

    [Description("Queues per broker producers write to, at most readQueues; as many as readQueues if absent.")]
    [RangeMinimum(1)]
    [RangeMaximum(1024)]
    public int? WriteQueues { get; set; }

    [Description("What clients may do: ReadWrite, Read or Write.")]
    [DefaultValue("ReadWrite")]
    public TopicPermission Permission { get; set; } = TopicPermission.ReadWrite;

    [Description("Kind of messages the topic is for.")]
    [DefaultValue("Normal")]
    public TopicMessageType MessageType { get; set; } = TopicMessageType.Normal;

    [Description("RocketMQ's order flag. Brokers that take no messages refuse those of the topic at once, and name servers keep the number of its queues by broker (ORDER_TOPIC_CONFIG): where they run with orderMessageEnable, producers spread over these queues also while a broker is away, so that what belongs together stays in one queue.")]
    [DefaultValue(false)]
    public bool Order { get; set; }

    [Description("Numbers of the broker groups the topic is on: 1 stands for group NAME-1. On all groups, also those that come later, if absent. From a group that is taken out it is removed once everything there is read.")]
    [ListSet]
    [Items(min: 1, max: BrokersSpec.MaxGroups)]
    [ValidationRule("self.all(group, group >= 0 && group <= 63)", "groups are numbers of broker groups, from 0 to 63: 1 stands for group NAME-1 of cluster NAME.")]
    public List<int>? Groups { get; set; }

    [Description("What happens to the topic when this object is deleted: Retain keeps it, Delete removes it with its messages, DeleteIfDrained waits until every consumer group has read everything and nothing of it is delayed or in a transaction.")]
    [DefaultValue("Retain")]
    public DeletionPolicy DeletionPolicy { get; set; } = DeletionPolicy.Retain;

    [Description("Manage creates the topic, changes it and puts it back; Observe never writes or deletes anything on a broker and only tells what is there.")]
    [DefaultValue("Manage")]
    public ManagementPolicy ManagementPolicy { get; set; } = ManagementPolicy.Manage;

    [Description("A topic that was there before this object: AdoptIfIdentical takes it over when it is as asked for and otherwise changes nothing and says what differs; Adopt changes it to what is asked for; Fail takes over nothing.")]
    [DefaultValue("AdoptIfIdentical")]
    public AdoptionPolicy AdoptionPolicy { get; set; } = AdoptionPolicy.AdoptIfIdentical;
}

/// <summary>Rights of clients on the queues of a topic. The numbers are RocketMQ's permission bits (read 4, write 2).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TopicPermission>))]
public enum TopicPermission
{
    /// <summary>Producers may send, consumers receive nothing.</summary>
    Write = PermissionBits.Write,

    /// <summary>Consumers may receive what is there, producers are refused.</summary>
    Read = PermissionBits.Read,

    /// <summary>Both.</summary>
    ReadWrite = PermissionBits.ReadWrite,
}

/// <summary>Kind of messages a topic is meant for; kept by brokers of RocketMQ 5 and RocketOps as attribute <c>message.type</c>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TopicMessageType>))]
public enum TopicMessageType
{
    /// <summary>Plain messages, delivered in any order.</summary>
    Normal,

    /// <summary>Messages of one group are delivered in the order they were sent.</summary>
    Fifo,

    /// <summary>Messages delivered at a later time.</summary>
    Delay,

    /// <summary>Messages visible only after the producer's transaction committed.</summary>
    Transaction,

    /// <summary>Any of the above.</summary>
    Mixed,
}
