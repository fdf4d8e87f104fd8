using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.LiveConfig;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Clusters.LiveConfig;

/// <summary>Which keys need no restart, and what follows for a broker from what it shows.</summary>
public sealed class LiveValuesTests
{
    [Theory]
    [InlineData("maxParkedPulls", true)]
    [InlineData("brokerPermission", true)]
    [InlineData("fileReservedTime", true)]
    [InlineData("diskSpaceWarningLevelRatio", true)]
    [InlineData("serverChannelMaxIdleTimeSeconds", false)] // read at the start
    [InlineData("namesrvAddr", false)] // live, and the operator's
    [InlineData("minInSyncReplicas", false)] // live, and the operator's in some modes
    [InlineData("useTLS", false)] // nobody takes it
    [InlineData("keyOfAnotherVersion", false)]
    public void In_Key_IsThereOrInTheOtherPart(string key, bool live)
    {
        Dictionary<string, string> config = new() { [key] = "5" };

        LiveKeys.In(config).ContainsKey(key).Should().Be(live);
        LiveKeys.NotIn(config).ContainsKey(key).Should().Be(!live);
    }

    /// <summary>UPDATE_BROKER_CONFIG refuses them.</summary>
    [Fact]
    public void In_KeysOfTheBlackList_WaitForARestart()
    {
        Dictionary<string, string> config = new() { ["configBlackList"] = " maxParkedPulls;traceOn ", ["maxParkedPulls"] = "5", ["traceOn"] = "false", ["regionId"] = "Mars" };

        LiveKeys.In(config).Keys.Should().Equal("regionId");
        LiveKeys.NotIn(config).Keys.Should().BeEquivalentTo("configBlackList", "maxParkedPulls", "traceOn");
    }

    /// <summary>With these the default that is set is not the same as nothing that is set, and a broker shows no difference.</summary>
    [Theory]
    [InlineData("diskSpaceWarningLevelRatio", " 090", false)]
    [InlineData("diskSpaceWarningLevelRatio", "91", true)]
    [InlineData("diskSpaceWarningLevelRatio", "", true)]
    [InlineData("diskSpaceCleanForciblyRatio", "85", false)]
    [InlineData("haMaxGapNotInSync", "268435456", false)]
    [InlineData("diskMaxUsedSpaceRatio", "75", true)]
    public void In_DefaultThatCountsOnlyWhenItIsSet_WaitsForARestart(string key, string value, bool live)
    {
        LiveKeys.IsLive(key).Should().BeTrue();
        LiveKeys.In(new Dictionary<string, string> { [key] = value }).ContainsKey(key).Should().Be(live);
        LiveKeys.NotIn(new Dictionary<string, string> { [key] = value }).ContainsKey(key).Should().Be(!live);
    }

    [Theory]
    [InlineData("maxParkedPulls", " 0100", "100")]
    [InlineData("traceOn", "FALSE", "false")]
    [InlineData("regionId", " Mars ", "Mars")]
    [InlineData("regionId", "", "DefaultRegion")]
    [InlineData("maxParkedPulls", "many", "many")] // of another version, which may take it
    [InlineData("keyOfAnotherVersion", " x ", "x")]
    public void Normal_Value_AsABrokerShowsIt(string key, string value, string normal) => LiveKeys.Normal(key, value).Should().Be(normal);

    [Fact]
    public void Following_Map_ReadsBackAndRemembersWhatIsGone()
    {
        ConfigMap first = LiveConfigMap.Build(Context(new() { ["maxParkedPulls"] = "0100", ["regionId"] = "a=b c", ["traceOn"] = "", ["serverChannelMaxIdleTimeSeconds"] = "48" }));
        LiveValues.Of(first).Should().BeEquivalentTo(new LiveValues(new Dictionary<string, string> { ["maxParkedPulls"] = "100", ["regionId"] = "a=b c", ["traceOn"] = "" }, []));

        ConfigMap second = LiveConfigMap.Following(Context(new() { ["traceOn"] = "false" }), first);
        LiveValues.Of(second).Resets.Should().Equal("maxParkedPulls", "regionId");

        // Asked for again, once with this kind of key and once with the other; what was not reset yet stays to be.
        ConfigMap third = LiveConfigMap.Following(Context(new() { ["maxParkedPulls"] = "7" }), second);
        LiveValues.Of(third).Should().BeEquivalentTo(new LiveValues(new Dictionary<string, string> { ["maxParkedPulls"] = "7" }, ["regionId", "traceOn"]));
        ConfigMap fourth = LiveConfigMap.Following(Context(new() { ["configBlackList"] = "maxParkedPulls", ["maxParkedPulls"] = "7" }), third);
        LiveValues.Of(fourth).Should().BeEquivalentTo(new LiveValues(new Dictionary<string, string>(), ["regionId", "traceOn"]), "the next start brings it, and until then it is as it was");
    }

    /// <summary>A pass whose write is the last one before the operator ends is repeated by the next one, on what it wrote.</summary>
    [Fact]
    public void Following_OwnWrite_IsTheSame()
    {
        ClusterContext context = Context(new() { ["traceOn"] = "false" });
        ConfigMap once = LiveConfigMap.Following(context, LiveConfigMap.Build(Context(new() { ["regionId"] = "Mars" })));

        LiveConfigMap.Following(context, once).Should().BeEquivalentTo(once);
    }

    [Fact]
    public void Differing_WhatABrokerShows_DecidesInNormalForm()
    {
        LiveValues values = new(
            new Dictionary<string, string> { ["maxParkedPulls"] = "100", ["traceOn"] = "FALSE", ["regionId"] = "Mars", ["slaveReadEnable"] = "", ["brokerPermission"] = "6", ["notThere"] = "1" },
            ["longPollingEnable", "defaultQueryMaxNum"]);
        Dictionary<string, string> shown = new()
        {
            ["maxParkedPulls"] = "100",
            ["traceOn"] = "false",
            ["regionId"] = "Earth",
            ["slaveReadEnable"] = "true",
            ["brokerPermission"] = "4",
            ["longPollingEnable"] = "false",
            ["defaultQueryMaxNum"] = "32",
            ["forwardTimeout"] = "1",
        };

        values.Differing(shown, "brokerPermission").Should().Equal(new Dictionary<string, string> { ["longPollingEnable"] = "", ["regionId"] = "Mars", ["slaveReadEnable"] = "" });
        values.Differing(shown, null).Keys.Should().Contain("brokerPermission");
        values.Unknown(shown).Should().Equal("notThere");
    }

    private static ClusterContext Context(Dictionary<string, string> config)
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default", Uid = "1" } };
        cluster.Spec.Brokers.Config = config;
        return new ClusterContext(cluster, OperatorImages.Default, new OrdinalRoles());
    }
}
