using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Entities;

/// <summary>Desired state of a consumer group: RocketMQ's subscription group settings by their names, with its defaults.</summary>
[ValidationRule(
    "has(self.groupName) == has(oldSelf.groupName) && (!has(self.groupName) || self.groupName == oldSelf.groupName)",
    "groupName cannot change: its offsets would stay behind. Make another ConsumerGroup object for the new name.")]
public sealed class ConsumerGroupSpec
{
    [Required]
    [Description("The BrokerCluster that serves the group. Cannot change.")]
    [ValidationRule("self.name == oldSelf.name", "clusterRef.name cannot change: the group's offsets would stay behind. Make another ConsumerGroup object for the other cluster.")]
    [ValidationRule("has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)", "clusterRef.namespace cannot change: the group's offsets would stay behind. Make another ConsumerGroup object for the other cluster.")]
    public ClusterReference ClusterRef { get; set; } = new();

    [Description("Name on the brokers, if it is not the object's own. Cannot change.")]
    [Length(1, GroupNames.MaxLength)]
    [Pattern(NameLetters.Pattern)]
    [ValidationRule(
        "!self.startsWith('CID_RMQ_SYS_') && !(self in ['CID_ONS-HTTP-PROXY','CID_ONSAPI_OWNER','CID_ONSAPI_PERMISSION','CID_ONSAPI_PULL','FILTERSRV_CONSUMER','SELF_TEST_C_GROUP','TOOLS_CONSUMER'])",
        "groupName is one of the groups brokers make themselves. Choose another name.")]
    public string? GroupName { get; set; }

    [Description("Members may receive messages.")]
    [DefaultValue(true)]
    public bool ConsumeEnable { get; set; } = true;

    [Description("Members may receive every message each (broadcasting) instead of sharing them.")]
    [DefaultValue(true)]
    public bool ConsumeBroadcastEnable { get; set; } = true;

    [Description("Members may begin at the oldest message.")]
    [DefaultValue(true)]
    public bool ConsumeFromMinEnable { get; set; } = true;

    [Description("The messages of a queue are handed out one after the other, also to consumers that take them by POP.")]
    [DefaultValue(false)]
    public bool ConsumeMessageOrderly { get; set; }

    [Description("Queues, per broker, of the topic that messages go to which a member could not process. With 0 such messages are dropped.")]
    [DefaultValue(1)]
    [RangeMinimum(0)]
    [RangeMaximum(1024)]
    public int RetryQueueNums { get; set; } = 1;

    [Description("How often a message is delivered again before it goes to the group's dead-letter topic. Newer clients may ask for another number.")]
    [DefaultValue(16)]
    [RangeMinimum(0)]
    [RangeMaximum(int.MaxValue)]
    public int RetryMaxTimes { get; set; } = 16;

    [Description("Minutes after which a message that was handed out counts as not processed.")]
    [DefaultValue(15)]
    [RangeMinimum(1)]
    [RangeMaximum(int.MaxValue)]
    public int ConsumeTimeoutMinute { get; set; } = 15;

    [Description("Id of the broker of a group that clients are told to read from: 0 is the master.")]
    [DefaultValue(0)]
    [RangeMinimum(0)]
    public long BrokerId { get; set; }

    [Description("Id of the broker that clients are told to read from when they are far behind.")]
    [DefaultValue(1)]
    [RangeMinimum(0)]
    public long WhichBrokerWhenConsumeSlowly { get; set; } = 1;

    [Description("Members are told at once when others come and go, instead of noticing it at their next look.")]
    [DefaultValue(true)]
    public bool NotifyConsumerIdsChangedEnable { get; set; } = true;

    [Description("How long each further delivery waits, for consumers that take messages by POP. If absent it stays as the brokers have it.")]
    public GroupRetryPolicySpec? GroupRetryPolicy { get; set; }

    [Description("Further settings of RocketMQ 5, by their names, as mqadmin updateSubGroup --attributes knows them: these and no others. If absent they stay as the brokers have them.")]
    [PropertyLimits(max: 32)]
    [ValidationRule("!self.exists(k, k.startsWith('+') || k.startsWith('-'))", "names of attributes are written without a sign: what is there is set, what is not there any more is removed.")]
    public Dictionary<string, string>? Attributes { get; set; }

    [Description("What happens to the group when this object is deleted: Retain keeps it, Delete removes it with its offsets and what waits to be delivered again, DeleteIfDrained waits until no member is connected and everything was consumed.")]
    [DefaultValue("Retain")]
    public DeletionPolicy DeletionPolicy { get; set; } = DeletionPolicy.Retain;

    [Description("Manage creates the group, changes it and puts it back; Observe never writes or deletes anything on a broker and only tells what is there.")]
    [DefaultValue("Manage")]
    public ManagementPolicy ManagementPolicy { get; set; } = ManagementPolicy.Manage;

    [Description("A group that was there before this object: AdoptIfIdentical takes it over when it is as asked for and otherwise changes nothing and says what differs; Adopt changes it to what is asked for; Fail takes over nothing.")]
    [DefaultValue("AdoptIfIdentical")]
    public AdoptionPolicy AdoptionPolicy { get; set; } = AdoptionPolicy.AdoptIfIdentical;
}
