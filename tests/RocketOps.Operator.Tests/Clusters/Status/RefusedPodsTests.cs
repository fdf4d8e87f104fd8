using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Clusters.Status;

/// <summary>Pods that the API server refuses to make stall a cluster with its words: a missing pod alone would look as if it were to come any moment.</summary>
public sealed class RefusedPodsTests
{
    private const string Quota = "pods \"a-0-1\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=4, limited: pods=4";

    [Fact]
    public async Task Reconcile_PodCannotBeMade_SaysTheServersWordsUntilItCan()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");

        await RefuseAsync(world);

        BrokerCluster refused = await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsRefused);
        await world.SaysAsync(refused, "Ready", said => said.Should().Be(
            $"The API server refuses pods. StatefulSet a-0 cannot make a-0-1: {Quota}. Change what refuses them (a quota, a priority class that is not there, an admission rule), or what was asked for; "
            + "Kubernetes tries again by itself, after several minutes when it has lasted."));
        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => Conditions.Find(cluster.Status!.Conditions, "Degraded") is { Status: "True", Reason: Reasons.PodsNotReady, Message: "a-0-1: the API server refuses it." },
            "degraded by the pod that is refused");

        world.Workloads.Makes = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_RefusedBeforeAndAfterTheOperatorStartedAgain_StalledThroughout()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        await RefuseAsync(world);
        await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsRefused);
        await world.QuietAsync();
        await world.StopOperatorAsync();

        await world.StartOperatorAsync(static options => options with { FaultGrace = TimeSpan.FromHours(1) });
        await world.PassesAsync(3);

        world.Writes.Should().NotContain(static write => write.Contains("brokerclusters/status", StringComparison.Ordinal), "nothing has changed");
    }

    /// <summary>A healthy pod was let go for a change, and the next cannot be made: it comes with what ran, and nobody else goes.</summary>
    [Fact]
    public async Task Reconcile_RefusedInARestart_GoesBackToWhatRan()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        string ran = await world.ConfigurationAsync("a-0-1");
        world.Workloads.Refuses = static pod => $"pods \"{pod}\" is forbidden: no PriorityClass with name high was found";
        world.Workloads.Makes = static _ => false;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "4711" });

        BrokerCluster refused = await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await world.SaysAsync(refused, "Ready", said => said.Should().StartWith(
            "The current configuration, image or resources do not start a broker: a-0-1: the API server refuses it: pods \"a-0-1\" is forbidden: no PriorityClass with name high was found. "));
        await world.PassesAsync(3);
        (await world.Client.ListAsync<Pod>(new ListOptions { Namespace = OperatorWorld.Ns })).Items.Count(static pod => pod.Name() is "a-0-0" or "a-0-1" or "a-1-0" or "a-1-1").Should().Be(3);

        world.Workloads.Makes = static _ => true;
        await Eventually.TrueAsync(async () => await world.Client.GetAsync<Pod>("a-0-1", OperatorWorld.Ns) is { } pod && OperatorWorld.Configuration(pod) == ran, "it is made with what ran");
        await world.ClusterAsync("a", "Degraded", "False");
        await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
    }

    /// <summary>A webhook that is away tells nothing of what was asked for: it is back in a minute, and a template that has failed would be tried again by nobody.</summary>
    [Fact]
    public async Task Reconcile_WebhookDoesNotAnswerInARestart_TheChangeGoesOnWhenItDoes()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        string ran = await world.ConfigurationAsync("a-0-1");
        world.Workloads.Refuses = static _ => "Internal error occurred: failed calling webhook \"inject.example.com\": failed to call webhook: Post \"https://injector.mesh.svc:443/inject?timeout=10s\": dial tcp 10.0.0.7:443: connect: connection refused";
        world.Workloads.Makes = static _ => false;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "4711" });

        await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsRefused);
        await world.PassesAsync(3);
        (await world.ConfigurationMapsAsync("a-0")).Should().NotContain(ran, "nothing has failed");

        world.Workloads.Makes = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
        (await world.ConfigurationAsync("a-0-1")).Should().NotBe(ran);
        await world.ClusterAsync("a", "Stalled", "False");
    }

    /// <summary>What was refused once tells nothing of a pod that was there since.</summary>
    [Fact]
    public async Task Reconcile_RefusalOfBefore_IsNoReason()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        StatefulSet set = (await world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns))!;
        await RefusedCreations.TellAsync(world.Client, set, "a-0-1", Quota, DateTimeOffset.UtcNow.AddMinutes(-20));

        world.Workloads.Makes = static _ => false;
        await world.Client.DeleteAsync<Pod>("a-0-1", OperatorWorld.Ns);

        await world.ClusterAsync("a", "Ready", "False");
        await world.PassesAsync(3);
        Conditions.Find((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Status!.Conditions, "Stalled")!.Status.Should().Be("False");
        world.Workloads.Makes = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>Roles of an older version have no such right.</summary>
    [Fact]
    public async Task Reconcile_EventsMayNotBeRead_GoesOnWithoutTheReason()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        world.OperatorFault = static call => call is { Verb: "list", Resource: "events" } ? ApiFault.Fail(403, "Forbidden") : null;

        await RefuseAsync(world);

        BrokerCluster waiting = await world.ClusterAsync("a", "Ready", "False", Reasons.PodsNotReady);
        await world.SaysAsync(waiting, "Ready", said => said.Should().Be("a-0-1: not there yet."));
        world.Workloads.Makes = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_NameServersCannotBeMade_SaysTheServersWords()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        world.Workloads.NameServerRefusal = "pods \"a-nameserver-0\" is forbidden: violates PodSecurity";

        await world.CreateClusterAsync("a");

        BrokerCluster refused = await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsRefused);
        await world.SaysAsync(refused, "Ready", said => said.Should().StartWith("The API server refuses pods. Deployment a-nameserver cannot make a pod: pods \"a-nameserver-0\" is forbidden: violates PodSecurity. Change "));
        world.Workloads.NameServerRefusal = null;
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Theory]
    [InlineData("a pod", Quota, "FailedCreate|0|create Pod a-0-1 in StatefulSet a-0 failed error: " + Quota)]
    [InlineData("combined", "no", "FailedCreate|0|(combined from similar events): create Pod a-0-1 in StatefulSet a-0 failed error: no")]
    [InlineData("its claim", "no", "FailedCreate|0|create Claim store-a-0-1 Pod a-0-1 in StatefulSet a-0 failed error: no")]
    [InlineData("another pod", null, "FailedCreate|0|create Pod a-0-11 in StatefulSet a-0 failed error: no")]
    [InlineData("made since", null, "FailedCreate|0|create Pod a-0-1 in StatefulSet a-0 failed error: no", "SuccessfulCreate|1|create Pod a-0-1 in StatefulSet a-0 successful")]
    [InlineData("made in the same second", null, "FailedCreate|0|create Pod a-0-1 in StatefulSet a-0 failed error: no", "SuccessfulCreate|0|create Pod a-0-1 in StatefulSet a-0 successful")]
    [InlineData("its claim made in the same second", "no", "SuccessfulCreate|0|create Claim store-a-0-1 Pod a-0-1 in StatefulSet a-0 success", "FailedCreate|0|create Pod a-0-1 in StatefulSet a-0 failed error: no")]
    [InlineData("refused again", "no", "SuccessfulCreate|0|create Pod a-0-1 in StatefulSet a-0 successful", "FailedCreate|1|create Pod a-0-1 in StatefulSet a-0 failed error: no")]
    [InlineData("of before", null, "FailedCreate|-1|create Pod a-0-1 in StatefulSet a-0 failed error: no")]
    public void Refusal_WhatTheControllerTells(string what, string? words, params string[] events) =>
        CreationEvents.Refusal(events.Select(static one => one.Split('|')).Select(static one => new Event { Reason = one[0], DeprecatedLastTimestamp = At(one[1]), Note = one[2] }), "a-0", "a-0-1", At("0"))
            .Should().Be(words, what);

    private static DateTimeOffset At(string second) => DateTimeOffset.UnixEpoch.AddSeconds(1000 + int.Parse(second, System.Globalization.CultureInfo.InvariantCulture));

    private static async Task RefuseAsync(OperatorWorld world)
    {
        world.Workloads.Refuses = static pod => pod == "a-0-1" ? Quota : null;
        world.Workloads.Makes = static pod => pod != "a-0-1";
        await world.Client.DeleteAsync<Pod>("a-0-1", OperatorWorld.Ns);
    }
}
