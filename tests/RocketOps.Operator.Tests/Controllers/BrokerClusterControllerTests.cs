using System.Diagnostics;
using System.Text.Json.Nodes;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

public sealed class BrokerClusterControllerTests
{
    [Fact]
    public async Task Reconcile_NewCluster_BecomesReady()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();

        await world.CreateClusterAsync("a", OperatorWorld.TwoByTwo);

        BrokerCluster cluster = await world.ClusterAsync("a", "Ready", "True");
        cluster.Status.Should().BeEquivalentTo(new { NameServers = "a-nameserver.default.svc:9876", ReadyGroups = 2, Brokers = "4/4", ReadyNameServers = 2 });
        cluster.Status!.Groups!.Select(static group => (group.Name, group.Master, group.Ready)).Should().Equal(("a-0", "a-0-0", true), ("a-1", "a-1-0", true));
        Conditions.IsTrue(cluster.Status.Conditions, "Available").Should().BeTrue();
        Conditions.IsTrue(cluster.Status.Conditions, "Stalled").Should().BeFalse();
        await world.ClusterAsync("a", "Replicated", "True", Reasons.SlavesInSync);
        await world.AwaitAsync<Pod>("a-0-0", static pod => pod.Label("rocketops.io/role") == "master", "labelled master");
        await world.AwaitAsync<Pod>("a-1-1", static pod => pod.Label("rocketops.io/role") == "slave", "labelled slave");
    }

    [Fact]
    public async Task Reconcile_Converged_WritesNothing()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", OperatorWorld.TwoByTwo);
        await world.CreateTopicAsync("t", "a");
        await world.ClusterAsync("a", "Ready", "True");
        await world.TopicAsync("t", "Ready", "True");
        await world.QuietAsync();
        world.Admin.Writes.Clear();

        await world.PassesAsync(10);

        world.Writes.Should().BeEmpty();
        world.Admin.Writes.Should().BeEmpty();
    }

    /// <summary>An image that is not there may be waited for over a weekend.</summary>
    [Fact]
    public async Task Reconcile_WaitsAndNothingChanges_LooksLessAndLessOften()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync(static options => options with
        {
            ProgressInterval = TimeSpan.FromMilliseconds(10),
            ResyncInterval = TimeSpan.FromMinutes(5),
        });
        world.Workloads.Makes = static _ => false;
        await world.CreateClusterAsync("a", OperatorWorld.TwoByTwo);
        await world.ClusterAsync("a", "Reconciling", "True");

        int seen = -1;
        Stopwatch since = Stopwatch.StartNew();
        await Eventually.TrueAsync(
            () =>
            {
                if (world.Admin.Questions != seen)
                {
                    seen = world.Admin.Questions;
                    since.Restart();
                }

                return since.Elapsed > TimeSpan.FromMilliseconds(300);
            },
            "no pass for thirty times the interval of progress");

        world.Workloads.Makes = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_OperatorRestarted_WritesNothing()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        await world.QuietAsync();
        await world.StopOperatorAsync();

        await world.StartOperatorAsync();
        await world.PassesAsync(4);

        world.Writes.Should().BeEmpty();
        world.Workloads.Started.Should().HaveCount(4);
    }

    [Fact]
    public async Task Reconcile_ChildrenDeletedOrChanged_PutBack()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");

        await world.Client.DeleteAsync<Service>("a-0-master", OperatorWorld.Ns);
        string configuration = await world.ConfigurationAsync("a-0-0");
        await world.Client.DeleteAsync<ConfigMap>(configuration, OperatorWorld.Ns);

        await world.AwaitAsync<Service>("a-0-master", static _ => true, "made again");
        await world.AwaitAsync<ConfigMap>(configuration, static map => map.Data!["a-0-0.conf"].Contains("brokerId=0", StringComparison.Ordinal), "made again");
    }

    /// <summary>A webhook that does not answer is a server error: the status says so instead of keeping what it last was, and the other parts go on.</summary>
    [Fact]
    public async Task Reconcile_ApiFailsForOneGroup_SaysSoAndChangesTheOthers()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Fault = static call => call is { Verb: "patch", Resource: "statefulsets", Name: "a-1" } ? ApiFault.Fail(500, "InternalError") : null;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.TerminationGracePeriodSeconds = 61);

        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => Conditions.Find(cluster.Status?.Conditions, "Ready") is { Status: "False", Reason: Reasons.ApiUnavailable, Message: { } message } && message.Contains("a-1 failed, and is tried again", StringComparison.Ordinal),
            "the status says which group");
        await world.AwaitAsync<StatefulSet>("a-0", static set => set.Spec!.Template!.Spec!.TerminationGracePeriodSeconds == 61, "the other group is changed");
        world.Fault = null;
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>Policies and tools rewrite the labels that everybody uses.</summary>
    [Fact]
    public async Task Reconcile_PodsManagedByLabelRewritten_StillSeen()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");

        JsonObject label = new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "somebody" } } };
        await world.Client.PatchAsync<Pod>("a-0-0", OperatorWorld.Ns, KubernetesPatch.Merge(label));
        await world.PassesAsync(5);
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.TerminationGracePeriodSeconds = 61);

        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal(["a-0-0", "a-0-0"], "the pod that somebody relabelled was seen, and restarted in its turn");
    }

    /// <summary>A port is the key of its list item: apply adds the right one beside the wrong one, and a real server refuses two of one name.</summary>
    [Fact]
    public async Task Reconcile_PortOfServiceChanged_PutBackAlthoughApplyIsRefused()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        int patches = 0;
        world.Fault = call => call is { Verb: "patch", Resource: "services", Name: "a-nameserver" } && Interlocked.Increment(ref patches) == 2 ? ApiFault.Fail(422, "Invalid") : null;

        // The first patch is this one; the second the operator's apply.
        JsonObject port = new() { ["op"] = "replace", ["path"] = "/spec/ports/0/port", ["value"] = 1234 };
        await world.Client.PatchAsync<Service>("a-nameserver", OperatorWorld.Ns, KubernetesPatch.Json([port]), new WriteOptions { FieldManager = "kubectl" });

        await world.AwaitAsync<Service>("a-nameserver", static service => service.Spec!.Ports is [{ Port: 9876 }], "the port is back, and alone");
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Delete_Cluster_ChildrenGo()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();

        await world.Client.DeleteAsync<BrokerCluster>("a", OperatorWorld.Ns);

        await world.GoneAsync<BrokerCluster>("a");
        await world.GoneAsync<StatefulSet>("a-1");
        await world.GoneAsync<Pod>("a-1-0");
        await world.GoneAsync<Deployment>("a-nameserver");
        await Eventually.TrueAsync(async () => (await world.Client.ListAsync<Service>(new ListOptions { Namespace = OperatorWorld.Ns, LabelSelector = "rocketops.io/cluster=a" })).Items.Count == 0, "Services are gone");
    }

    /// <summary>Whatever single write of the first half minute of a cluster's life fails, or takes effect without an answer, the end is the same.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reconcile_EveryThirdWriteFails_SameEnd(bool answerLost)
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        int writes = 0;
        world.Fault = call => call.Verb is "create" or "patch" or "delete" && call.Resource != "events" && Interlocked.Increment(ref writes) % 3 == 0
            ? (answerLost ? ApiFault.LoseAnswer : ApiFault.Fail(500, "InternalError"))
            : null;

        await world.CreateWithFaultsAsync("a");

        await world.ClusterAsync("a", "Ready", "True");
        world.Fault = null;
        foreach (string service in new[] { "a-nameserver", "a-nameserver-headless", "a-0-headless", "a-0-master", "a-0-slave" })
        {
            await world.AwaitAsync<Service>(service, static _ => true, "is made");
        }
    }
}
