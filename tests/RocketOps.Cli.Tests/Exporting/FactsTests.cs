using System.Text.Json;
using RocketOps.Cli.Exporting;
using RocketOps.Client;

namespace RocketOps.Cli.Tests.Exporting;

/// <summary>Settings of a broker in the words of objects, and what cannot be said in them.</summary>
public sealed class FactsTests
{
    [Fact]
    public void Topic_Usual_IsSaidWhole()
    {
        TopicFacts.Of(new TopicConfig { ReadQueues = 4, WriteQueues = 4 }).Should().Be(new BrokerFacts("""{"readQueues":4,"writeQueues":4,"permission":"ReadWrite","messageType":"Normal"}""", "", IsSaid: true));
        TopicFacts.Of(new TopicConfig { ReadQueues = 4, WriteQueues = 2, Permission = TopicPermission.Read, Attributes = Attributes(("message.type", "FIFO")) })
            .Should().Be(new BrokerFacts("""{"readQueues":4,"writeQueues":2,"permission":"Read","messageType":"Fifo"}""", "", IsSaid: true));
        TopicFacts.Of(new TopicConfig { ReadQueues = 4, WriteQueues = 4, Order = true })
            .Should().Be(new BrokerFacts("""{"readQueues":4,"writeQueues":4,"permission":"ReadWrite","messageType":"Normal","order":true}""", "", IsSaid: true));
    }

    public static TheoryData<TopicConfig, string> Unsaid() => new()
    {
        { new TopicConfig { ReadQueues = 0 }, "readQueues is 0" },
        { new TopicConfig { ReadQueues = 1025 }, "readQueues is 1025" },
        { new TopicConfig { ReadQueues = 2, WriteQueues = 4 }, "writeQueues is 4 and readQueues 2" },
        { new TopicConfig { Permission = TopicPermission.None }, "permission is 0" },
        { new TopicConfig { Permission = TopicPermission.ReadWrite | TopicPermission.Inherit }, "permission is 7" },
        { new TopicConfig { Attributes = Attributes(("message.type", "PRIORITY")) }, "message.type is \"PRIORITY\"" },
        { new TopicConfig { IsStatic = true }, "static topic" },
    };

    [Theory]
    [MemberData(nameof(Unsaid))]
    public void Topic_ThatNoObjectCanAskFor_IsToldAndNotSaid(TopicConfig topic, string note)
    {
        BrokerFacts facts = TopicFacts.Of(topic);

        facts.IsSaid.Should().BeFalse();
        facts.Beyond.Should().Contain(note);
    }

    public static TheoryData<TopicConfig, string> Beyond() => new()
    {
        { new TopicConfig { FilterType = "MULTI_TAG" }, "topicFilterType is \"MULTI_TAG\"" },
        { new TopicConfig { SysFlag = 2 }, "topicSysFlag is 2" },
        { new TopicConfig { Attributes = Attributes(("cleanup.policy", "COMPACTION")) }, "attribute \"cleanup.policy\" is \"COMPACTION\"" },
    };

    [Theory]
    [MemberData(nameof(Beyond))]
    public void Topic_WithWhatObjectsLeaveAlone_IsToldAndSaid(TopicConfig topic, string note)
    {
        BrokerFacts facts = TopicFacts.Of(topic);

        facts.IsSaid.Should().BeTrue();
        facts.Beyond.Should().StartWith(note).And.EndWith("it stays as it is");
    }

    [Fact]
    public void Topic_AttributeThatWouldEndTheComment_StaysOnItsLine()
    {
        string beyond = TopicFacts.Of(new TopicConfig { Attributes = Attributes(("a", "x\nkind: Secret\u2028b\u0085c" + new string('y', 200))) }).Beyond;

        beyond.Should().StartWith("""attribute "a" is "x\u000akind: Secret\u2028b\u0085cyy""").And.NotContainAny("\n", "\u2028", "\u0085");
        beyond.Length.Should().BeLessThan(200);
    }

    [Fact]
    public void Group_Usual_IsSaidWhole() =>
        GroupFacts.Of(new SubscriptionGroupConfig { RetryPolicy = Json("""{"type":"CUSTOMIZED"}"""), Attributes = Attributes() }).Should().Be(new BrokerFacts(
            """{"consumeEnable":true,"consumeBroadcastEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"retryQueueNums":1,"retryMaxTimes":16,"consumeTimeoutMinute":15,"brokerId":0,"whichBrokerWhenConsumeSlowly":1,"notifyConsumerIdsChangedEnable":true}""",
            "",
            IsSaid: true));

    [Theory]
    [InlineData("""{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000,5000]}}""", """{"type":"Customized","customizedRetryPolicy":{"next":[1000,5000]}}""")]
    [InlineData("""{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":7,"max":9,"multiplier":3}}""", """{"type":"Exponential","exponentialRetryPolicy":{"initial":7,"max":9,"multiplier":3}}""")]
    [InlineData("""{"type":"EXPONENTIAL"}""", """{"type":"Exponential","exponentialRetryPolicy":{"initial":5000,"max":7200000,"multiplier":2}}""")]
    public void Group_RetryPolicy_IsSaid(string kept, string said)
    {
        BrokerFacts facts = GroupFacts.Of(new SubscriptionGroupConfig { RetryPolicy = Json(kept) });

        facts.Beyond.Should().BeEmpty();
        JsonDocument.Parse(facts.Spec).RootElement.GetProperty("groupRetryPolicy").GetRawText().Should().Be(said);
    }

    public static TheoryData<SubscriptionGroupConfig, string> KeptOfGroups() => new()
    {
        { new SubscriptionGroupConfig { RetryPolicy = Json("""{"type":"LINEAR"}""") }, "groupRetryPolicy is \"{\"type\":\"LINEAR\"}\"" },
        { new SubscriptionGroupConfig { RetryPolicy = Json("""{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":0}}""") }, "groupRetryPolicy is" },
        { new SubscriptionGroupConfig { RetryPolicy = Json("""{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":["soon"]}}""") }, "groupRetryPolicy is" },
        { new SubscriptionGroupConfig { Attributes = Attributes(("+a", "b")) }, "attributes are more than 32, or one has no name, or a sign in it (\"+a\")" },
        { new SubscriptionGroupConfig { SystemFlags = 1 }, "groupSysFlag is 1" },
        { new SubscriptionGroupConfig { Subscriptions = Json("""[{"topic":"t"}]""") }, "subscriptionDataSet is" },
        { new SubscriptionGroupConfig { ForbiddenTopics = ["secret"] }, "it is forbidden to read \"secret\"" },
    };

    [Theory]
    [MemberData(nameof(KeptOfGroups))]
    public void Group_WithWhatObjectsLeaveAlone_IsToldAndSaid(SubscriptionGroupConfig group, string note)
    {
        BrokerFacts facts = GroupFacts.Of(group);

        facts.IsSaid.Should().BeTrue();
        facts.Beyond.Should().StartWith(note).And.EndWith("it stays as it is");
        facts.Spec.Should().NotContainAny("groupRetryPolicy", "attributes");
    }

    [Fact]
    public void Group_NumberThatNoObjectCanAskFor_IsToldAndNotSaid()
    {
        BrokerFacts facts = GroupFacts.Of(new SubscriptionGroupConfig { RetryMaxTimes = -1, ConsumeTimeoutMinutes = 0 });

        facts.IsSaid.Should().BeFalse();
        facts.Beyond.Split('\n').Should().HaveCount(2).And.ContainMatch("retryMaxTimes is -1,*").And.ContainMatch("consumeTimeoutMinute is 0,*");
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);

    private static Dictionary<string, string> Attributes(params (string Name, string Value)[] pairs) => pairs.ToDictionary(static pair => pair.Name, static pair => pair.Value, StringComparer.Ordinal);
}
