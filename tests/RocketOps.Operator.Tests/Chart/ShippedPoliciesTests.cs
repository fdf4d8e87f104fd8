using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing.Processes;

namespace RocketOps.Operator.Tests.Chart;

/// <summary>
/// The chart's roles and its two admission policies on a real API server: the operator does its work as the service account they are for, what is not its business is refused, and protected objects are
/// not deleted.
/// </summary>
public sealed class ShippedPoliciesTests(ChartOnApiServer server) : IClassFixture<ChartOnApiServer>
{
    /// <summary>Not an object of a cluster: the operator may not write it.</summary>
    internal const string Foreign = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: foreign, namespace: default}
        data: {a: b}
        """;

    private const string Owned = """
          labels: {rocketops.io/cluster: a}
          ownerReferences: [{apiVersion: rocketops.io/v1beta1, kind: BrokerCluster, name: a, uid: 00000000-0000-0000-0000-000000000001}]
        """;

    [SkippableFact]
    public async Task Operator_AtWork_IsAllowedEverything()
    {
        ChartOnApiServer.Require();
        await using OperatorWorld world = await OperatorWorld.StartOnAsync(
            server.Admin(), server.Operator(), static options => options with { LeaderElection = true, LeaseNamespace = ChartOnApiServer.SystemNamespace });
        await using ElectedMembers members = new(world.Client, "e-0");
        world.Workloads.Registration = async (pod, cancellationToken) => pod.StartsWith("e-0", StringComparison.Ordinal) ? await members.RegistrationAsync(pod, cancellationToken) : null;

        await world.CreateClusterAsync("p", static spec => spec.Brokers.Replicas = 2);
        await world.CreateClusterAsync("e", static spec =>
        {
            spec.Brokers.Replicas = 2;
            spec.Replication.Failover = FailoverMode.Automatic;
        });
        await world.CreateTopicAsync("t", "p", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.CreateGroupAsync("g", "p", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.ClusterAsync("p", "Ready", "True");
        await world.ClusterAsync("e", "Ready", "True");
        await world.TopicAsync("t", "Ready", "True");
        await world.GroupAsync("g", "Ready", "True");
        string before = (await world.ConfigurationMapsAsync("p-0")).Single();
        await world.ChangeAsync<BrokerCluster>("p", static cluster => cluster.Spec.Brokers.Config = new Dictionary<string, string>(StringComparer.Ordinal) { ["flushDiskType"] = "SYNC_FLUSH" });
        await world.AwaitAsync<StatefulSet>("p-0", set => set.Spec!.Template!.Spec!.Volumes!.Exists(volume => volume.ConfigMap?.Name is { } name && name != before), "has another configuration");
        await world.Client.DeleteAsync<Topic>("t", OperatorWorld.Ns);
        await world.GoneAsync<Topic>("t");
        await world.Client.DeleteAsync<ConsumerGroup>("g", OperatorWorld.Ns);
        await world.GoneAsync<ConsumerGroup>("g");
    }

    [SkippableTheory]
    [InlineData("labels: {rocketops.io/cluster: a}", "kube-system", "changes nothing in Kubernetes' own namespaces")]
    [InlineData("labels: {app: a}", "default", "carries the label rocketops.io/cluster")]
    [InlineData("labels: {rocketops.io/cluster: a}", "default", "belongs to a BrokerCluster")]
    public async Task Operator_ObjectThatIsNotItsOwn_IsRefused(string metadata, string ns, string words)
    {
        ChartOnApiServer.Require();

        ProcessResult result = await server.ApplyAsOperatorAsync($$"""
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: refused
              namespace: {{ns}}
              {{metadata}}
            data: {a: b}
            """);

        Refused(result, words);
    }

    [SkippableTheory]
    [InlineData("hostNetwork: true", "")]
    [InlineData("hostPID: true", "")]
    [InlineData("volumes: [{name: v, hostPath: {path: /}}]", "")]
    [InlineData("volumes: [{name: v, secret: {secretName: s}}]", "")]
    [InlineData("initContainers: [{name: i, image: i}]", "")]
    [InlineData("automountServiceAccountToken: true", "")]
    [InlineData("securityContext: {runAsNonRoot: false}", "")]
    [InlineData("", "securityContext: {allowPrivilegeEscalation: true}")]
    public async Task Operator_PodBeyondTheRestrictedProfile_IsRefused(string pod, string container)
    {
        ChartOnApiServer.Require();
        (await server.ApplyAsOperatorAsync(Set("allowed", "", ""))).EnsureSuccess();

        ProcessResult result = await server.ApplyAsOperatorAsync(Set("refused", pod, container));

        Refused(result, "restricted profile");
    }

    [SkippableFact]
    public async Task Operator_ForeignPods_AreNeitherChangedNorDeleted()
    {
        ChartOnApiServer.Require();
        await server.KubectlAsync("run", "foreign", "--image=x", "--restart=Never");
        await server.KubectlAsync("run", "ours", "--image=x", "--restart=Never", "--labels=rocketops.io/cluster=a");

        Refused(await server.TryKubectlAsync("delete", "pod", "foreign", "--as", ChartOnApiServer.Account), "carries the label");
        Refused(await server.TryKubectlAsync("label", "pod", "foreign", "rocketops.io/cluster=a", "--as", ChartOnApiServer.Account), "carries the label");
        Refused(await server.TryKubectlAsync("patch", "pod", "ours", "--type=json", "-p", """[{"op":"replace","path":"/spec/containers/0/image","value":"y"}]""", "--as", ChartOnApiServer.Account), "changes their metadata alone");
        (await server.TryKubectlAsync("label", "pod", "ours", "rocketops.io/role=master", "--as", ChartOnApiServer.Account)).EnsureSuccess();
        (await server.TryKubectlAsync("delete", "pod", "ours", "--as", ChartOnApiServer.Account)).EnsureSuccess();
        await server.KubectlAsync("delete", "pod", "foreign");
    }

    [SkippableTheory]
    [InlineData("BrokerCluster", "spec: {brokers: {}}")]
    [InlineData("Topic", "spec: {clusterRef: {name: nobody}}")]
    [InlineData("ConsumerGroup", "spec: {clusterRef: {name: nobody}}")]
    public async Task Anybody_ProtectedObject_IsNotDeletedUntilTheAnnotationGoes(string kind, string spec)
    {
        ChartOnApiServer.Require();
        string name = $"guarded-{kind.ToLowerInvariant()}";
        using Testing.TempDirectory directory = new();
        string file = directory.File("object.yaml");
        await File.WriteAllTextAsync(file, $$$"""
            apiVersion: rocketops.io/v1beta1
            kind: {{{kind}}}
            metadata: {name: {{{name}}}, namespace: default, annotations: {rocketops.io/deletion-protection: "true"}}
            {{{spec}}}
            """);
        await server.KubectlAsync("apply", "-f", file);

        Refused(await server.TryKubectlAsync("delete", "-f", file), "It is protected");

        await server.KubectlAsync("annotate", "-f", file, "rocketops.io/deletion-protection-");
        await server.KubectlAsync("delete", "-f", file);
    }

    private static void Refused(ProcessResult result, string words)
    {
        result.ExitCode.Should().NotBe(0, result.ToString());
        result.Error.Should().Contain(words);
    }

    private static string Set(string name, string pod, string container)
    {
        // A field that is given replaces the good one.
        string context = pod.StartsWith("securityContext", StringComparison.Ordinal) ? "" : "securityContext: {runAsNonRoot: true}";
        string token = pod.StartsWith("automount", StringComparison.Ordinal) ? "" : "automountServiceAccountToken: false";
        string escalation = container.Length > 0 ? "" : "securityContext: {allowPrivilegeEscalation: false}";
        return $$$"""
            apiVersion: apps/v1
            kind: StatefulSet
            metadata:
              name: {{{name}}}
              namespace: default
            {{{Owned}}}
            spec:
              serviceName: a
              selector: {matchLabels: {app: a}}
              template:
                metadata: {labels: {app: a}}
                spec:
                  {{{pod}}}
                  {{{context}}}
                  {{{token}}}
                  containers:
                    - name: c
                      image: i
                      {{{container}}}
                      {{{escalation}}}
            """;
    }
}
