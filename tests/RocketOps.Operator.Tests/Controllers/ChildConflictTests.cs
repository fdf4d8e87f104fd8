using RocketOps.Embedded;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>What has changed between the look and the write is left to the pass that sees it.</summary>
public sealed class ChildConflictTests
{
    [Fact]
    public async Task Reconcile_NameServersAndAServiceChangedWhileAPassIsUnderWay_AreWrittenByTheNextOne()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        int deployments = 0;
        int services = 0;
        world.OperatorFault = call => call switch
        {
            // As the Deployment's own controller does it, and as somebody by hand.
            { Verb: "patch", Resource: "deployments" } when Interlocked.Increment(ref deployments) == 1 => Meanwhile<Deployment>("a-nameserver", static deployment => deployment.Metadata.Annotations!["deployment.kubernetes.io/revision"] = "2"),
            { Verb: "patch", Resource: "services", Name: "a-nameserver" } when Interlocked.Increment(ref services) == 1 => Meanwhile<Service>("a-nameserver", static service => service.Spec!.SessionAffinity = "ClientIP"),
            _ => null,
        };

        await world.ChangeAsync<Service>("a-nameserver", static service => service.Metadata.Labels!["app.kubernetes.io/part-of"] = "mine");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.NameServer.Pod = new PodOptions { Labels = new(StringComparer.Ordinal) { ["team"] = "a" } });

        await world.AwaitAsync<Deployment>("a-nameserver", static deployment => deployment.Spec!.Template!.Metadata!.Labels!.ContainsKey("team"), "it is written");
        await world.AwaitAsync<Service>("a-nameserver", static service => service.Label("app.kubernetes.io/part-of") == "rocketops", "it is put back");
        await world.ClusterAsync("a", "Ready", "True");
        Volatile.Read(ref deployments).Should().BeGreaterThan(1, "the first write was refused");
        Volatile.Read(ref services).Should().BeGreaterThan(1, "the first write was refused");
        world.Metrics.Should().Contain("rocketops_operator_reconciles_total{kind=\"BrokerCluster\",result=\"success\"}");
        world.Metrics.Should().NotContain("rocketops_operator_reconciles_total{kind=\"BrokerCluster\",result=\"failure\"}", "a change of somebody else is no failure");

        ApiFault Meanwhile<T>(string name, Action<T> change)
            where T : class, IKubernetesObject => new() { Meanwhile = () => world.ChangeAsync(name, change) };
    }
}
