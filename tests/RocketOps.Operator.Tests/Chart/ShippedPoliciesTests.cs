using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Yaml;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Rights;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Operator.Tests.Chart;

/// <summary>
/// The chart's roles and its admission policies on a real API server: the operator does its work as the service account they are for, what is not its business is refused, and protected objects are
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

    /// <summary>Nobody may delete it.</summary>
    internal const string Protected = """
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: {name: protected, namespace: default, annotations: {rocketops.io/deletion-protection: "true"}}
        spec: {clusterRef: {name: nobody}}
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
    [InlineData("hostIPC: true", "")]
    [InlineData("initContainers: [{name: i, image: i}]", "")]
    [InlineData("securityContext: {runAsNonRoot: false}", "")]
    [InlineData("securityContext: {runAsUser: 0}", "")]
    [InlineData("securityContext: {seccompProfile: {type: Unconfined}}", "")]
    [InlineData("securityContext: {appArmorProfile: {type: Unconfined}}", "")]
    [InlineData("securityContext: {sysctls: [{name: kernel.shm_rmid_forced, value: '1'}]}", "")]
    [InlineData("securityContext: {seLinuxOptions: {level: s0}}", "")]
    [InlineData("", "securityContext: {allowPrivilegeEscalation: true}")]
    [InlineData("", "securityContext: {privileged: true, allowPrivilegeEscalation: null}")]
    [InlineData("", "securityContext: {runAsNonRoot: false}")]
    [InlineData("", "securityContext: {runAsUser: 0}")]
    [InlineData("", "securityContext: {capabilities: {drop: [NET_RAW]}}")]
    [InlineData("", "securityContext: {capabilities: {drop: [ALL], add: [SYS_ADMIN]}}")]
    [InlineData("", "securityContext: {seccompProfile: {type: Unconfined}}")]
    [InlineData("hostUsers: false", "securityContext: {procMount: Unmasked}")]
    [InlineData("", "ports: [{containerPort: 80, hostPort: 80}]")]
    public async Task Operator_PodBeyondTheRestrictedProfile_IsRefused(string pod, string container)
    {
        ChartOnApiServer.Require();
        (await server.ApplyAsOperatorAsync(Set("a-7", "", ""))).EnsureSuccess();

        Refused(await server.ApplyAsOperatorAsync(Set("a-8", pod, container)), "restricted profile");
    }

    [SkippableTheory]
    [InlineData("volumes: [{name: v, hostPath: {path: /}}]", "", "mounts ConfigMaps")]
    [InlineData("volumes: [{name: v, secret: {secretName: s}}]", "", "mounts ConfigMaps")]
    [InlineData("volumes: [{name: v, projected: {sources: [{secret: {name: s}}]}}]", "", "mounts ConfigMaps")]
    [InlineData("volumes: [{name: v, csi: {driver: d}}]", "", "mounts ConfigMaps")]
    [InlineData("volumes: [{name: v, persistentVolumeClaim: {claimName: somebodys}}]", "", "mounts ConfigMaps")]
    [InlineData("volumes: [{name: v, nfs: {server: s, path: /}}]", "", "mounts ConfigMaps")]
    [InlineData("", "env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]", "environment a Secret")]
    [InlineData("", "envFrom: [{secretRef: {name: s}}]", "environment a Secret")]
    [InlineData("automountServiceAccountToken: true", "", "mounts no account's token")]
    [InlineData("serviceAccountName: somebodys", "", "accounts of its clusters")]
    public async Task Operator_PodThatIsGivenWhatIsNotItsClusters_IsRefused(string pod, string container, string words)
    {
        ChartOnApiServer.Require();

        Refused(await server.ApplyAsOperatorAsync(Set("a-8", pod, container)), words);
    }

    /// <summary>The claims that its pods use are found by name: TEMPLATE-SET-NUMBER.</summary>
    [SkippableTheory]
    [InlineData("db", "data-my", "", "names a StatefulSet as its cluster with a number")]
    [InlineData("db", "data", "", "names a StatefulSet as its cluster with a number")]
    [InlineData("a", "data", "", "names a StatefulSet as its cluster with a number")]
    [InlineData("a-b-0", "data", "", "names a StatefulSet as its cluster with a number")]
    [InlineData("ab-0", "data", "", "names a StatefulSet as its cluster with a number")]
    [InlineData("a-8", "data-my", "", "asks for empty claims for its brokers' data")]
    [InlineData("a-8", "data", "dataSource: {kind: PersistentVolumeClaim, name: somebodys}", "asks for empty claims for its brokers' data")]
    [InlineData("a-8", "data", "dataSourceRef: {kind: PersistentVolumeClaim, name: somebodys}", "asks for empty claims for its brokers' data")]
    [InlineData("a-8", "data", "volumeName: somebodys", "asks for empty claims for its brokers' data")]
    [InlineData("a-8", "data", "selector: {matchLabels: {owner: somebody}}", "asks for empty claims for its brokers' data")]
    public async Task Operator_SetThatWouldUseClaimsOfOthers_IsRefused(string name, string template, string claim, string words)
    {
        ChartOnApiServer.Require();

        Refused(await server.ApplyAsOperatorAsync(WithClaim(Set(name, "", ""), template, claim)), words);
    }

    [SkippableFact]
    public async Task Operator_SetWithClaimsOfItsOwn_IsMade()
    {
        ChartOnApiServer.Require();

        (await server.ApplyAsOperatorAsync(WithClaim(Set("a-10", "", ""), "data", ""))).EnsureSuccess();
    }

    /// <summary>By them others elect who works: whoever takes one stops a control plane.</summary>
    [SkippableTheory]
    [InlineData("kube-system", "name: kube-controller-manager", "Kubernetes' own namespaces")]
    [InlineData("kube-node-lease", "name: node-1", "Kubernetes' own namespaces")]
    [InlineData("default", "name: app", "carries the label")]
    [InlineData("default", "name: made", "takes no Lease but its own")]
    public async Task Operator_ForeignLease_IsRefused(string ns, string metadata, string words)
    {
        ChartOnApiServer.Require();
        string name = metadata["name: ".Length..];
        bool exists = name != "made";
        if (exists)
        {
            await server.ApplyAsync(Lease(ns, name, "", "theirs"));
        }

        ProcessResult result = exists
            ? await server.TryKubectlAsync("patch", "lease", name, "-n", ns, "--type=merge", "-p", """{"spec":{"holderIdentity":"mine"}}""", "--as", ChartOnApiServer.Account)
            : await server.ApplyAsOperatorAsync(Lease(ns, name, Owned, "mine"));

        Refused(result, words);
    }

    /// <summary>Who leads is the members' business; the operator makes the Lease its cluster's and asks for a change.</summary>
    [SkippableFact]
    public async Task Operator_LeaseOfAGroup_GetsALabelAnOwnerAndAWishAndNoHolder()
    {
        ChartOnApiServer.Require();
        await server.ApplyAsync(Lease("default", "a-0", "  annotations: {rocketops.io/in-sync: a-0-0/1}", "a-0-0"));
        Task<ProcessResult> PatchAsync(string patch) => server.TryKubectlAsync("patch", "lease", "a-0", "--type=merge", "-p", patch, "--as", ChartOnApiServer.Account);

        Refused(await PatchAsync("""{"metadata":{"labels":{"rocketops.io/cluster":"a"}},"spec":{"holderIdentity":"a-0-1"}}"""), "belongs to a BrokerCluster");
        (await PatchAsync("""{"metadata":{"labels":{"rocketops.io/cluster":"a"},"ownerReferences":[{"apiVersion":"rocketops.io/v1beta1","kind":"BrokerCluster","name":"a","uid":"00000000-0000-0000-0000-000000000001"}]}}""")).EnsureSuccess();
        (await PatchAsync("""{"metadata":{"annotations":{"rocketops.io/hand-over-to":"a-0-1"}}}""")).EnsureSuccess();
        Refused(await PatchAsync("""{"spec":{"holderIdentity":"a-0-1"}}"""), "changes the metadata alone");
    }

    /// <summary>Which copies have everything, whose group it is, by what members know each other, and whether a master may lead that lacks messages.</summary>
    [SkippableTheory]
    [InlineData("noted", """{"rocketops.io/in-sync":"a-0-1/1"}""")]
    [InlineData("noted", """{"rocketops.io/in-sync":null}""")]
    [InlineData("noted", """{"rocketops.io/group-id":"another"}""")]
    [InlineData("noted", """{"rocketops.io/key-digests":"a-0-0=mine"}""")]
    [InlineData("noted", """{"rocketops.io/successor":"a-0-1"}""")]
    [InlineData("noted", """{"rocketops.io/unclean-epoch":"2"}""")]
    [InlineData("bare", """{"rocketops.io/unclean-epoch":"2"}""")]
    public async Task Operator_WhatMembersNoteInTheirLease_IsNotChanged(string lease, string notes)
    {
        ChartOnApiServer.Require();
        string name = $"{lease}-{Guid.NewGuid():N}";
        string noted = lease == "noted" ? "\n  annotations: {rocketops.io/in-sync: a-0-0/1, rocketops.io/group-id: id, rocketops.io/key-digests: a-0-0=theirs, rocketops.io/hand-over-to: a-0-1}" : "";
        await server.ApplyAsync(Lease("default", name, Owned + noted, "a-0-0"));
        Task<ProcessResult> PatchAsync(string annotations) =>
            server.TryKubectlAsync("patch", "lease", name, "--type=merge", "-p", $$$"""{"metadata":{"annotations":{{{annotations}}}}}""", "--as", ChartOnApiServer.Account);

        Refused(await PatchAsync(notes), "changes nothing of what its members note");

        (await PatchAsync("""{"rocketops.io/hand-over-to":"a-0-2"}""")).EnsureSuccess();
        (await PatchAsync("""{"rocketops.io/hand-over-to":null}""")).EnsureSuccess();
    }

    [SkippableTheory]
    [InlineData("apiVersion: v1\nkind: Service", "spec: {ports: [{port: 80}], externalIPs: [192.0.2.1]}", "address of outside")]
    [InlineData("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice", "addressType: IPv4\nendpoints: [{addresses: [192.0.2.1]}]", "no others")]
    public async Task Operator_TrafficOfOthers_IsRefused(string kind, string content, string words)
    {
        ChartOnApiServer.Require();
        string labels = Owned.Replace("rocketops.io/cluster: a", "rocketops.io/cluster: a, kubernetes.io/service-name: victim", StringComparison.Ordinal);

        Refused(await server.ApplyAsOperatorAsync($"{kind}\nmetadata:\n  name: refused\n  namespace: default\n{labels}\n{content}\n"), words);
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
    [InlineData("BrokerCluster", "spec: {brokers: {}}", "true")]
    [InlineData("BrokerCluster", "spec: {brokers: {}}", "yes")]
    [InlineData("Topic", "spec: {clusterRef: {name: nobody}}", "True")]
    [InlineData("ConsumerGroup", "spec: {clusterRef: {name: nobody}}", "true")]
    public async Task Anybody_ProtectedObject_IsNotDeletedUntilTheAnnotationGoes(string kind, string spec, string value)
    {
        ChartOnApiServer.Require();
        string name = $"guarded-{kind.ToLowerInvariant()}";
        using TempDirectory directory = new();
        string file = directory.File("object.yaml");
        await File.WriteAllTextAsync(file, $$$"""
            apiVersion: rocketops.io/v1beta1
            kind: {{{kind}}}
            metadata: {name: {{{name}}}, namespace: default, annotations: {rocketops.io/deletion-protection: "{{{value}}}"}}
            {{{spec}}}
            """);
        await server.KubectlAsync("apply", "-f", file);

        Refused(await server.TryKubectlAsync("delete", "-f", file), "It is protected");

        await server.KubectlAsync("annotate", "-f", file, "rocketops.io/deletion-protection-");
        await server.KubectlAsync("delete", "-f", file);
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("false")]
    [InlineData("False")]
    public async Task Anybody_ObjectThatIsNotToBeProtected_IsDeleted(string value)
    {
        ChartOnApiServer.Require();
        await server.ApplyAsync($$$"""
            apiVersion: rocketops.io/v1beta1
            kind: Topic
            metadata: {name: open, namespace: default, annotations: {rocketops.io/deletion-protection: "{{{value}}}"}}
            spec: {clusterRef: {name: nobody}}
            """);

        await server.KubectlAsync("delete", "topic/open");
    }

    /// <summary>What its messages are in; the operator makes sets anew when volumes grow.</summary>
    [SkippableTheory]
    [InlineData("true")]
    [InlineData("yes")]
    public async Task Anybody_DataOfAProtectedCluster_IsNotDeleted(string value)
    {
        ChartOnApiServer.Require();
        await server.ApplyAsync($$$"""
            apiVersion: rocketops.io/v1beta1
            kind: BrokerCluster
            metadata: {name: a, namespace: default, annotations: {rocketops.io/deletion-protection: "{{{value}}}"}}
            spec: {brokers: {}}
            """);

        // Nobody is there who would let a deleted claim go, so each case has its own.
        string ours = $"store-a-{value}";
        string theirs = $"store-b-{value}";
        await server.ApplyAsync(Claim(ours, "a"));
        await server.ApplyAsync(Claim(theirs, "b"));
        (await server.ApplyAsOperatorAsync(Set("a-9", "", ""))).EnsureSuccess();

        // The policy sees clusters a moment later than whoever made them; a dry run deletes nothing.
        await Eventually.TrueAsync(async () => (await TryDeleteAsync($"pvc/{ours}", "--dry-run=server")).Error.Contains("BrokerCluster a, which is protected", StringComparison.Ordinal), "the policy knows the cluster");
        Refused(await TryDeleteAsync($"pvc/{ours}"), "BrokerCluster a, which is protected");
        Refused(await TryDeleteAsync("statefulset/a-9"), "BrokerCluster a, which is protected");
        (await TryDeleteAsync($"pvc/{theirs}", "--wait=false")).EnsureSuccess();
        (await TryDeleteAsync("statefulset/a-9", "--as", ChartOnApiServer.Account)).EnsureSuccess();

        await server.KubectlAsync("annotate", "brokercluster/a", "rocketops.io/deletion-protection-");
        await Eventually.TrueAsync(async () => (await TryDeleteAsync($"pvc/{ours}", "--wait=false")).ExitCode == 0, "nothing keeps it now");
        await server.KubectlAsync("delete", "brokercluster/a");
    }

    [SkippableFact]
    public async Task Operator_OfTheChart_KnowsThatClustersAreProtected()
    {
        ChartOnApiServer.Require();
        using KubernetesClient client = new(server.Operator(), new KubernetesTypes());

        Task<Problem?> FindAsync(string name) => new ProtectionPolicy(client, new OperatorOptions { ProtectionPolicy = name }, TimeProvider.System).FindProblemAsync(CancellationToken.None);

        (await FindAsync("rocketops-operator-rocketops-system-deletion-protection")).Should().BeNull();
        (await FindAsync("another"))!.Message.Should().Contain("forbidden", "it may look for its own alone");
    }

    private Task<ProcessResult> TryDeleteAsync(string what, params string[] options) => server.TryKubectlAsync(["delete", what, .. options]);

    private static string Claim(string name, string cluster) =>
        $"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: {name}\n  namespace: default\n  labels:\n    rocketops.io/cluster: {cluster}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n";

    private static void Refused(ProcessResult result, string words)
    {
        result.ExitCode.Should().NotBe(0, result.ToString());
        result.Error.Should().Contain(words);
    }

    private static string Lease(string ns, string name, string metadata, string holder) =>
        $"apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata:\n  name: {name}\n  namespace: {ns}\n{metadata}\nspec: {{holderIdentity: {holder}, leaseDurationSeconds: 15}}\n";

    /// <summary>A set as the operator makes them, but for these fields of its pod and its container.</summary>
    private static string Set(string name, string pod, string container)
    {
        JsonObject set = (JsonObject)YamlReading.ParseAll($$$$"""
            apiVersion: apps/v1
            kind: StatefulSet
            metadata:
              name: {{{{name}}}}
              namespace: default
            {{{{Owned}}}}
            spec:
              serviceName: a
              selector: {matchLabels: {app: a}}
              template:
                metadata: {labels: {app: a}}
                spec:
                  serviceAccountName: a-0-member
                  automountServiceAccountToken: false
                  securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
                  containers:
                    - name: c
                      image: i
                      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
                      env: [{name: P, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: C, valueFrom: {configMapKeyRef: {name: m, key: k, optional: true}}}]
                  volumes:
                    - {name: c, configMap: {name: m}}
                    - {name: e, emptyDir: {}}
                    - {name: t, projected: {sources: [{serviceAccountToken: {path: token}}, {configMap: {name: kube-root-ca.crt}}]}}
            """).Single();
        JsonObject spec = (JsonObject)set["spec"]!["template"]!["spec"]!;
        Merge(spec, pod);
        Merge((JsonObject)spec["containers"]![0]!, container);
        return set.ToJsonString();
    }

    private static string WithClaim(string set, string template, string fields)
    {
        JsonObject with = JsonNode.Parse(set)!.AsObject();
        JsonObject claim = new()
        {
            ["accessModes"] = new JsonArray("ReadWriteOnce"),
            ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = "1Gi" } },
        };
        Merge(claim, fields);
        with["spec"]!["volumeClaimTemplates"] = new JsonArray(new JsonObject { ["metadata"] = new JsonObject { ["name"] = template }, ["spec"] = claim });
        return with.ToJsonString();
    }

    private static void Merge(JsonObject into, string fields)
    {
        foreach ((string key, JsonNode? value) in fields.Length == 0 ? [] : (JsonObject)YamlReading.ParseAll(fields).Single())
        {
            if (value is JsonObject inner && into[key] is JsonObject known)
            {
                foreach ((string field, JsonNode? given) in inner)
                {
                    known[field] = given?.DeepClone();
                }
            }
            else
            {
                into[key] = value?.DeepClone();
            }
        }
    }
}
