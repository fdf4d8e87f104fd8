using System.Text;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Broker.Topics;
using RocketOps.Testing.Json;

namespace RocketOps.Broker.Tests.Json;

/// <summary>Tools of other versions, and of other makers, leave members out of what they send: they mean what RocketMQ's own classes begin with.</summary>
public sealed class LeftOutMembersTests
{
    public static TheoryData<Type> Contexts =>
        [.. typeof(BrokerJson).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(JsonSerializerContext)))];

    [Fact]
    public void Read_GroupWithItsNameAlone_ConsumesAsAnyNewOne()
    {
        SubscriptionGroupConfig group = Read(GroupJson.Default.SubscriptionGroupConfig, """{"groupName":"g"}""");

        group.Should().BeEquivalentTo(new SubscriptionGroupConfig { GroupName = "g" }, static options => options.ComparingRecordsByMembers());
        (group.ConsumeEnable, group.ConsumeFromMinEnable, group.ConsumeBroadcastEnable, group.NotifyConsumerIdsChangedEnable).Should().Be((true, true, true, true));
        (group.RetryQueueNums, group.RetryMaxTimes, group.WhichBrokerWhenConsumeSlowly, group.ConsumeTimeoutMinute).Should().Be((1, 16, 1L, 15));
    }

    [Fact]
    public void Read_TopicWithItsNameAlone_IsReadAndWritten()
    {
        TopicConfig topic = Read(TopicJson.Default.TopicConfig, """{"topicName":"t"}""");

        (topic.Perm, topic.ReadQueueNums, topic.WriteQueueNums, topic.TopicFilterType).Should().Be((6, 16, 16, "SINGLE_TAG"));
        topic.Attributes.Should().BeEmpty();
    }

    [Fact]
    public void Read_SubscriptionAndModeWithNothing_AreOfTagsAndPulls()
    {
        Read(ClientJson.Default.SubscriptionData, "{}").ExpressionType.Should().Be("TAG");
        Read(GroupJson.Default.RequestMode, "{}").Mode.Should().Be("PULL");
    }

    [Theory]
    [MemberData(nameof(Contexts))]
    public void Read_AnyBodyOrFile_GivesNoNullWhereNoneIsDeclared(Type context)
    {
        JsonSerializerContext bodies = (JsonSerializerContext)context.GetProperty("Default")!.GetValue(null)!;

        LeftOutMembers.FindLost(bodies).Should().BeEmpty();
        LeftOutMembers.FindNulls(bodies).Should().BeEmpty();
    }

    private static T Read<T>(JsonTypeInfo<T> type, string json)
        where T : class => BrokerJson.Read(Encoding.UTF8.GetBytes(json), type);
}
