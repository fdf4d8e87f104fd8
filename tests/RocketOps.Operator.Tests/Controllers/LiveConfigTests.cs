using RocketOps.Client;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.LiveConfig;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Keys of <c>brokers.config</c> that brokers take while they run.</summary>
public sealed class LiveConfigTests : IAsyncLifetime
{
    private const string Map = "a-brokers-live";

    private OperatorWorld _world = null!;

    public async Task InitializeAsync()
    {
        _world = await OperatorWorld.StartAsync();
        await _world.CreateClusterAsync("a", static spec => (spec.Brokers.Groups, spec.Brokers.Replicas, spec.Brokers.Config) = (2, 2, new() { ["maxParkedPulls"] = "100" }));
        await _world.ClusterAsync("a", "Ready", "True");
        _world.Workloads.Started.Clear();
    }

    public Task DisposeAsync() => _world.DisposeAsync().AsTask();

    [Fact]
    public async Task Created_BrokersStartWithIt_AndNothingIsSent()
    {
        (await FileAsync()).Should().Be("maxParkedPulls=100\n");
        Shown("maxParkedPulls").Should().Equal("100", "100", "100", "100");
        await _world.PassesAsync(4);
        _world.Admin.Writes.Should().BeEmpty();

        await _world.QuietAsync();
        await _world.PassesAsync(5);
        _world.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Changed_EveryBrokerIsToldOnceAndNoneRestarts()
    {
        await ConfigureAsync(new() { ["maxParkedPulls"] = "0200", ["traceOn"] = "FALSE" });

        await ShowsAsync("maxParkedPulls", "200");
        await _world.ClusterAsync("a", "Ready", "True");
        Shown("traceOn").Should().OnlyContain(static value => value == "false");
        await _world.PassesAsync(5);
        _world.Admin.Writes.Should().HaveCount(4).And.OnlyContain(static write => write.EndsWith(" config maxParkedPulls=200 traceOn=false", StringComparison.Ordinal));
        _world.Metrics.Should().NotContain("rocketops_operator_drift_corrections_total{kind=\"BrokerCluster\"}", "that is what the object asks for");
        (await FileAsync()).Should().Be("maxParkedPulls=200\ntraceOn=false\n", "a pod that starts reads it");
        _world.Workloads.Started.Should().BeEmpty();
        (await EventsAsync()).Should().Equal("Applied without a restart: maxParkedPulls=200, traceOn=false on a-0-0, a-0-1, a-1-0, a-1-1.");
    }

    /// <summary>What is changed when a disk is full, which is no time for restarts.</summary>
    [Fact]
    public async Task Changed_RetentionAndDisk_NoneRestarts()
    {
        string[] before = [await _world.ConfigurationAsync("a-0-0"), await _world.ConfigurationAsync("a-1-0")];

        await ConfigureAsync(new() { ["maxParkedPulls"] = "100", ["fileReservedTime"] = "24", ["deleteWhen"] = "04;16", ["diskMaxUsedSpaceRatio"] = "60", ["diskSpaceWarningLevelRatio"] = "80" });

        await ShowsAsync("fileReservedTime", "24");
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.PassesAsync(5);
        _world.Admin.Writes.Should().HaveCount(4).And.OnlyContain(static write => write.EndsWith(" config deleteWhen=04;16 diskMaxUsedSpaceRatio=60 diskSpaceWarningLevelRatio=80 fileReservedTime=24", StringComparison.Ordinal));
        _world.Workloads.Started.Should().BeEmpty();
        new[] { await _world.ConfigurationAsync("a-0-0"), await _world.ConfigurationAsync("a-1-0") }.Should().Equal(before, "nothing of it is in the file that a restart is for");
        (await FileAsync()).Should().Be("deleteWhen=04;16\ndiskMaxUsedSpaceRatio=60\ndiskSpaceWarningLevelRatio=80\nfileReservedTime=24\nmaxParkedPulls=100\n");
    }

    [Fact]
    public async Task ChangedWithAKeyThatNeedsARestart_LiveOnesAtOnceAndTheOthersByTheRoll()
    {
        string[] before = [await _world.ConfigurationAsync("a-0-0"), await _world.ConfigurationAsync("a-1-0")];
        _world.Workloads.Sick = KubeletWords.Starting;
        _world.Workloads.Healthy = pod => before.Contains(OperatorWorld.Configuration(pod));

        await ConfigureAsync(new() { ["maxParkedPulls"] = "200", ["flushDiskType"] = "SYNC_FLUSH" });

        // The roll waits for its first pod, which takes its time; the others have the value.
        await Eventually.TrueAsync(() => ShownBy("a-0-0", "maxParkedPulls") == "200" && ShownBy("a-1-1", "maxParkedPulls") == "200", "brokers that run take it");
        _world.Workloads.Healthy = static _ => true;
        await _world.ClusterAsync("a", "Ready", "True");
        _world.Workloads.Started.Should().Equal("a-0-1", "a-1-1", "a-0-0", "a-1-0");
        Shown("flushDiskType").Should().OnlyContain(static value => value == "SYNC_FLUSH");
        Shown("maxParkedPulls").Should().OnlyContain(static value => value == "200");
    }

    [Fact]
    public async Task SomebodyElseSetsIt_PutBack_AndKeysNobodyAsksForAreLeftAlone()
    {
        // What is changed while the operator does not know yet that all is as asked for is no drift.
        await _world.QuietAsync();
        string address = _world.Admin.Registered!["a-0"][1];
        await _world.Admin.UpdateBrokerConfigAsync(address, new Dictionary<string, string> { ["maxParkedPulls"] = "1", ["regionId"] = "Mars" });

        await ShowsAsync("maxParkedPulls", "100");
        await _world.PassesAsync(3);
        _world.Admin.Writes.Should().HaveCount(2).And.EndWith($"{address} config maxParkedPulls=100");
        _world.Metrics.Should().Contain("rocketops_operator_drift_corrections_total{kind=\"BrokerCluster\"} 1\n");
        Shown("regionId").Should().Equal("DefaultRegion", "Mars", "DefaultRegion", "DefaultRegion");
    }

    [Fact]
    public async Task TakenOut_BackToTheDefault_AndForgottenWhenEveryBrokerShowsIt()
    {
        string deaf = _world.Admin.Registered!["a-1"][1];
        _world.Admin.RefusesKey = (address, _) => address == deaf ? "busy" : null;

        await ConfigureAsync(null);
        await _world.ClusterAsync("a", "Reconciling", "True", Reasons.ConfigNotApplied);
        await Eventually.TrueAsync(() => Shown("maxParkedPulls") is ["1000000", "1000000", "1000000", "100"], "three of them have the default");

        // An operator that ends forgets what it has not told yet.
        await Eventually.TrueAsync(async () => (await EventsAsync()).Any(static note => note.EndsWith(" on a-0-0, a-0-1, a-1-0.", StringComparison.Ordinal)), "it is told");
        await _world.StopOperatorAsync();
        (await _world.Client.GetAsync<ConfigMap>(Map, OperatorWorld.Ns))!.Annotation("rocketops.io/reset-keys").Should().Be("maxParkedPulls", "one of them is still to be told");
        _world.Admin.RefusesKey = null;
        await _world.StartOperatorAsync();

        await ShowsAsync("maxParkedPulls", "1000000");
        await _world.AwaitAsync<ConfigMap>(Map, static map => map.Annotation("rocketops.io/reset-keys") is null, "is forgotten");
        (await FileAsync()).Should().BeEmpty();
        (await EventsAsync()).Should().Contain("Applied without a restart: maxParkedPulls back to its default on a-0-0, a-0-1, a-1-0.");
        string address = _world.Master("a-0");
        await _world.Admin.UpdateBrokerConfigAsync(address, new Dictionary<string, string> { ["maxParkedPulls"] = "1" });
        await _world.PassesAsync(4);
        ShownBy("a-0-0", "maxParkedPulls").Should().Be("1", "nobody asks for it any more");
    }

    /// <summary>A broker that started again in its pod may have read the file as it was before.</summary>
    [Fact]
    public async Task TakenOut_FilesMayBeOld_NotForgottenBeforeTheyCannotBe()
    {
        await _world.StopOperatorAsync();
        await _world.StartOperatorAsync(static options => options with { ConfigRefreshGrace = TimeSpan.FromHours(1) });
        await ConfigureAsync(null);
        await ShowsAsync("maxParkedPulls", "1000000");
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.PassesAsync(4);

        string address = _world.Master("a-0");
        _world.Admin.Start(address, [KeyValuePair.Create("maxParkedPulls", "100")]);

        await ShowsAsync("maxParkedPulls", "1000000");
    }

    [Fact]
    public async Task BrokerRefusesOrIsSilent_SaysWhichAndWhy_AndTheRestGoesOn()
    {
        string refusing = _world.Master("a-0");
        _world.Admin.RefusesKey = (address, key) => address == refusing && key == "traceOn" ? "Can not update config in black list: traceOn" : null;
        await ConfigureAsync(new() { ["maxParkedPulls"] = "200", ["traceOn"] = "false" });

        BrokerCluster told = await _world.ClusterAsync("a", "Reconciling", "True", Reasons.ConfigNotApplied);
        await _world.SaysAsync(told, "Ready", said => said.Should().Be(
            "Not every broker has the values of brokers.config that need no restart: a-0-0 refuses traceOn=false (Can not update config in black list: traceOn). It is tried again; a broker that starts reads them."));
        Conditions.IsTrue(told.Status!.Conditions, "Available").Should().BeTrue();
        await Eventually.TrueAsync(() => ShownBy("a-0-0", "maxParkedPulls") == "200", "the other key is taken by the same broker");

        // The rest of the pass: a member more.
        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 3);
        await _world.AwaitAsync<Pod>("a-0-2", static pod => pod.Label("rocketops.io/role") == "slave", "came and was labelled");

        _world.Admin.RefusesKey = null;
        await _world.ClusterAsync("a", "Ready", "True");
        ShownBy("a-0-0", "traceOn").Should().Be("false");

        _world.Admin.Fault = static request =>
        {
            if (request == nameof(IRocketMqAdmin.GetBrokerConfigAsync))
            {
                throw new TimeoutException();
            }
        };
        told = await _world.ClusterAsync("a", "Reconciling", "True", Reasons.ConfigNotApplied);
        await _world.SaysAsync(told, "Ready", said => said.Should().Contain("a-0-0 does not answer; a-0-1 does not answer"));
        _world.Admin.Fault = null;
        await _world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Paused_NothingIsSent()
    {
        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { ["rocketops.io/paused"] = "true" });
        await _world.ClusterAsync("a", "Paused", "True");
        await ConfigureAsync(new() { ["maxParkedPulls"] = "200" });
        string address = _world.Master("a-0");
        _world.Admin.Start(address, [KeyValuePair.Create("maxParkedPulls", "1")]);
        await _world.PassesAsync(5);
        _world.Admin.Writes.Should().BeEmpty();
        (await FileAsync()).Should().Be("maxParkedPulls=100\n");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = null);
        await ShowsAsync("maxParkedPulls", "200");
    }

    /// <summary>Everything of it is refused, also what would have been taken.</summary>
    [Theory]
    [InlineData("maxParkedPuls", "5", "maxParkedPuls: unknown key; did you mean maxParkedPulls?")]
    [InlineData("traceOn", "maybe", "traceOn: \"maybe\" is not allowed; allowed: true or false")]
    public async Task ConfigNoBrokerWouldTake_WhatRunsKeepsWhatItHas(string key, string value, string words)
    {
        await ConfigureAsync(new() { ["maxParkedPulls"] = "200", [key] = value });

        BrokerCluster stalled = await _world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidConfig);
        await _world.SaysAsync(stalled, "Stalled", said => said.Should().Contain(words));
        string address = _world.Master("a-0");
        _world.Admin.Start(address, [KeyValuePair.Create("maxParkedPulls", "1")]);
        await ShowsAsync("maxParkedPulls", "100");
        (await FileAsync()).Should().Be("maxParkedPulls=100\n");

        await ConfigureAsync(new() { ["maxParkedPulls"] = "300" });
        await ShowsAsync("maxParkedPulls", "300");
        await _world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>What the black list names is refused over the network; it waits for a restart, and so is the way back.</summary>
    [Fact]
    public async Task KeyOnTheBlackList_Restarts()
    {
        _world.Admin.RefusesKey = static (_, _) => "Can not update config in black list";

        await ConfigureAsync(new() { ["maxParkedPulls"] = "200", ["configBlackList"] = "maxParkedPulls" });

        await _world.ClusterAsync("a", "Ready", "True");
        _world.Workloads.Started.Should().HaveCount(4);
        _world.Admin.Writes.Should().BeEmpty();
        Shown("maxParkedPulls").Should().OnlyContain(static value => value == "200");
        (await FileAsync()).Should().BeEmpty();
    }

    /// <summary>Only the drain of a group says what its brokers let clients do.</summary>
    [Fact]
    public async Task GroupLeavesWhosePermissionIsConfigured_StaysClosed()
    {
        await ConfigureAsync(new() { ["brokerPermission"] = "6" });
        await _world.CreateTopicAsync("t", "a");
        await _world.TopicAsync("t", "Ready", "True");
        string address = _world.Master("a-1");
        _world.Admin.Stats[(address, "t")] = new TopicStats();
        _world.Admin.Pending[(address, "t")] = new PendingMessages { Complete = true, Queues = [new PendingQueue { Kind = "Half", QueueId = 0, Count = 1 }] };
        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 1);
        await _world.ClusterAsync("a", "Reconciling", "True", Reasons.Draining);
        await Eventually.TrueAsync(() => _world.Admin.Permissions.GetValueOrDefault(address) == "4", "is closed");

        await _world.PassesAsync(5);

        _world.Admin.Writes.Where(static write => write.Contains("permission", StringComparison.Ordinal)).Should().Equal($"{address} permission 4");
    }

    [Fact]
    public async Task MapDeletedOrChanged_PutBackAndNothingElse()
    {
        await _world.Client.DeleteAsync<ConfigMap>(Map, OperatorWorld.Ns);
        await _world.AwaitAsync<ConfigMap>(Map, static map => map.Data!["live.conf"] == "maxParkedPulls=100\n", "made again");

        await _world.ChangeAsync<ConfigMap>(Map, static map => map.Data!["live.conf"] = "maxParkedPulls=5\n");
        await _world.AwaitAsync<ConfigMap>(Map, static map => map.Data!["live.conf"] == "maxParkedPulls=100\n", "put back");
        await ShowsAsync("maxParkedPulls", "100");
        _world.Workloads.Started.Should().BeEmpty();
    }

    /// <summary>The cache of the operator may be older than what an API server has: the server's decides what brokers get.</summary>
    [Fact]
    public async Task ApiServerDoesNotAnswer_NothingIsSentAndTheRestGoesOn()
    {
        await ConfigureAsync(new() { ["maxParkedPulls"] = "200" });
        await ShowsAsync("maxParkedPulls", "200");
        _world.Admin.Writes.Clear();
        _world.Fault = static call => call is { Verb: "get", Resource: "configmaps", Name: Map } ? ApiFault.Fail(500, "InternalError") : null;
        string address = _world.Master("a-0");
        _world.Admin.Start(address, []);

        await _world.ClusterAsync("a", "Reconciling", "True", Reasons.ApiUnavailable);
        await _world.ChangeAsync<Pod>("a-1-1", static pod => pod.Metadata.Labels!.Remove("rocketops.io/role"));
        await _world.AwaitAsync<Pod>("a-1-1", static pod => pod.Label("rocketops.io/role") == "slave", "was labelled again");
        _world.Admin.Writes.Should().BeEmpty();

        _world.Fault = null;
        await ShowsAsync("maxParkedPulls", "200");
    }

    private Task ConfigureAsync(Dictionary<string, string>? config) => _world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.Brokers.Config = config);

    private async Task<string> FileAsync() => (await _world.Client.GetAsync<ConfigMap>(Map, OperatorWorld.Ns))!.Data!["live.conf"];

    private string? ShownBy(string pod, string key) =>
        _world.Admin.Registered!.GetValueOrDefault(pod[..3])?.TryGetValue(pod[^1] - '0', out string? address) == true ? ShownAt(address, key) : null;

    private string? ShownAt(string address, string key) =>
        _world.Admin.Configurations.GetValueOrDefault(address)?.GetValueOrDefault(key) ?? LiveKeys.DefaultOf(key);

    private string?[] Shown(string key) => [.. new[] { "a-0-0", "a-0-1", "a-1-0", "a-1-1" }.Select(pod => ShownBy(pod, key))];

    private Task ShowsAsync(string key, string value) => Eventually.TrueAsync(() => Array.TrueForAll(Shown(key), shown => shown == value), $"all brokers show {key}={value}");

    private async Task<string[]> EventsAsync()
    {
        string[] notes = [];
        await Eventually.TrueAsync(
            async () => (notes = [.. (await _world.Client.ListAsync<Event>(new ListOptions { Namespace = OperatorWorld.Ns })).Items.Where(static e => e.Reason == "ConfigApplied").Select(static e => e.Note!)]).Length > 0,
            "an event tells it");
        return notes;
    }
}
