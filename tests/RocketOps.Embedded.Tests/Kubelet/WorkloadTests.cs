using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Kubelet;

public sealed class WorkloadTests : IAsyncLifetime
{
    private const string Template = """{"metadata":{"labels":{"app":"NAME"}},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"main","image":"shell","args":["-c","exec sleep infinity"],"env":[{"name":"V","value":"1"}]MOUNTS}]}}""";

    private KubeletFixture _kubelet = null!;

    public async Task InitializeAsync() => _kubelet = await KubeletFixture.StartAsync();

    public async Task DisposeAsync() => await _kubelet.DisposeAsync();

    [Fact]
    public async Task StatefulSet_Created_HasNamedPodsClaimsAndStatus()
    {
        await CreateSetAsync("db", replicas: 2);

        KubernetesObject set = await SetAsync("db", set => set.Status.Int("readyReplicas") == 2 && set.Status.Int("availableReplicas") == 2);
        KubernetesObject pod = (await _kubelet.GetAsync(Kinds.Pod, "db-1"))!;
        KubernetesObject claim = (await _kubelet.GetAsync(Kinds.VolumeClaim, "data-db-1"))!;

        pod.Label("statefulset.kubernetes.io/pod-name").Should().Be("db-1");
        pod.Label("apps.kubernetes.io/pod-index").Should().Be("1");
        pod.Label("controller-revision-hash").Should().Be(set.Status.Text("updateRevision"));
        pod.Spec.Text("hostname").Should().Be("db-1");
        pod.Spec.Text("subdomain").Should().Be("db-headless");
        claim.Status.Text("phase").Should().Be("Bound");
        claim.Metadata.OwnerReferences.Should().BeNull("claims are retained by default");
        set.Status.Int("replicas").Should().Be(2);
        set.Status.Int("updatedReplicas").Should().Be(2);
        set.Status.Number("observedGeneration").Should().Be(set.Generation);
    }

    /// <summary>Templates are copied as they came: the models, by which sets are read, have none of these fields.</summary>
    [Fact]
    public async Task Template_WithFieldsNoModelHas_LosesNone()
    {
        const string rest = """
            "replicas":1,"selector":{"matchLabels":{"app":"NAME"} },"template":{"metadata":{"labels":{"app":"NAME"},"annotations":{"note":"kept"} },
            "spec":{"setHostnameAsFQDN":true,"dnsConfig":{"searches":["example.org"] },
            "containers":[{"name":"main","image":"shell","args":["-c","exec sleep infinity"],"stdinOnce":true}] } }
            """;
        const string claims = """
            [{"metadata":{"name":"data","labels":{"mine":"yes"},"annotations":{"note":"kept"} },
            "spec":{"accessModes":["ReadWriteOnce"],"volumeAttributesClassName":"fast","resources":{"requests":{"storage":"1Gi"} } } }]
            """;
        await _kubelet.CreateAsync(Kinds.Deployment, $$"""{"metadata":{"name":"NAME"},"spec":{ {{rest}} } }""".Replace("NAME", "du", StringComparison.Ordinal));
        await _kubelet.CreateAsync(
            Kinds.StatefulSet,
            $$"""{"metadata":{"name":"NAME"},"spec":{"serviceName":"NAME","volumeClaimTemplates":{{claims}},{{rest}} } }""".Replace("NAME", "su", StringComparison.Ordinal));
        await DeploymentAsync("du", static deployment => deployment.Status.Int("readyReplicas") == 1);
        KubernetesObject set = await SetAsync("su", static set => set.Status.Int("readyReplicas") == 1);
        IReadOnlyList<KubernetesObject> pods = await _kubelet.ListAsync(Kinds.Pod);
        KubernetesObject claim = (await _kubelet.GetAsync(Kinds.VolumeClaim, "data-su-0"))!;

        pods.Should().HaveCount(2);
        foreach (KubernetesObject pod in pods)
        {
            pod.Annotation("note").Should().Be("kept");
            pod.Spec.Flag("setHostnameAsFQDN").Should().BeTrue();
            pod.Spec.Field("dnsConfig").Items("searches").Single().GetString().Should().Be("example.org");
            pod.Spec.Items("containers").Single().Flag("stdinOnce").Should().BeTrue();
        }

        set.Status.Text("updateRevision").Should().Be($"su-{CanonicalJson.Hash(set.Spec.Field("template").ToNode())}", "revisions are of the whole template");
        claim.Metadata.Labels.Should().BeEquivalentTo(new Dictionary<string, string> { ["app"] = "su", ["mine"] = "yes" });
        claim.Annotation("note").Should().Be("kept");
        claim.Spec.Text("volumeAttributesClassName").Should().Be("fast");
    }

    [Fact]
    public async Task StatefulSet_PodDeleted_ComesBackWithItsData()
    {
        await CreateSetAsync("kv", replicas: 1);
        await SetAsync("kv", set => set.Status.Int("readyReplicas") == 1);
        KubernetesObject first = (await _kubelet.GetAsync(Kinds.Pod, "kv-0"))!;
        KubernetesObject claim = (await _kubelet.GetAsync(Kinds.VolumeClaim, "data-kv-0"))!;
        string file = Path.Combine(_kubelet.Folder, "volumes", "pvc-" + claim.Uid, "file");
        await File.WriteAllTextAsync(file, "kept");

        await _kubelet.DeleteAsync(Kinds.Pod, first);

        await _kubelet.PodAsync("kv-0", pod => pod.Uid != first.Uid && pod.HasCondition("Ready"), "a new pod of the same name");
        (await File.ReadAllTextAsync(file)).Should().Be("kept");
    }

    [Fact]
    public async Task StatefulSet_OnDelete_KeepsPodsUntilTheyAreDeleted()
    {
        await CreateSetAsync("od", replicas: 1, ""","updateStrategy":{"type":"OnDelete"}""");
        KubernetesObject before = await SetAsync("od", set => set.Status.Int("readyReplicas") == 1);
        KubernetesObject pod = (await _kubelet.GetAsync(Kinds.Pod, "od-0"))!;

        await ChangeTemplateAsync(Kinds.StatefulSet, "od");
        KubernetesObject after = await SetAsync("od", set => set.Status.Number("observedGeneration") == set.Generation && set.Generation > before.Generation);

        after.Status.Text("updateRevision").Should().NotBe(after.Status.Text("currentRevision"));
        (await _kubelet.GetAsync(Kinds.Pod, "od-0"))!.Uid.Should().Be(pod.Uid);
        await _kubelet.DeleteAsync(Kinds.Pod, pod);
        KubernetesObject fresh = await _kubelet.PodAsync("od-0", live => live.Uid != pod.Uid && live.HasCondition("Ready"), "the pod came back");
        fresh.Label("controller-revision-hash").Should().Be(after.Status.Text("updateRevision"));
    }

    [Fact]
    public async Task StatefulSet_RollingUpdate_ReplacesAllPods()
    {
        await CreateSetAsync("ru", replicas: 2);
        await SetAsync("ru", set => set.Status.Int("readyReplicas") == 2);

        await ChangeTemplateAsync(Kinds.StatefulSet, "ru");

        await SetAsync(
            "ru",
            set => set.Status.Number("observedGeneration") == set.Generation
                && set.Generation > 1
                && set.Status.Int("updatedReplicas") == 2
                && set.Status.Int("readyReplicas") == 2
                && set.Status.Text("currentRevision") == set.Status.Text("updateRevision"));
    }

    [Fact]
    public async Task StatefulSet_ScaledDown_RemovesHighestOrdinalAndKeepsClaim()
    {
        await CreateSetAsync("sd", replicas: 2);
        await SetAsync("sd", set => set.Status.Int("readyReplicas") == 2);

        await _kubelet.PatchAsync(Kinds.StatefulSet, "sd", """{"spec":{"replicas":1}}""");

        await _kubelet.GoneAsync(Kinds.Pod, "sd-1");
        await SetAsync("sd", set => set.Status.Int("replicas") == 1 && set.Status.Int("readyReplicas") == 1);
        (await _kubelet.GetAsync(Kinds.VolumeClaim, "data-sd-1")).Should().NotBeNull();
    }

    [Fact]
    public async Task Deployment_CreatedAndChanged_RollsOverThroughReplicaSets()
    {
        await _kubelet.CreateAsync(
            Kinds.Deployment,
            $$"""{"metadata":{"name":"web"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"} },"template":{{TemplateOf("web", "")}} } }""");
        KubernetesObject first = await DeploymentAsync("web", IsComplete);

        await ChangeTemplateAsync(Kinds.Deployment, "web");
        KubernetesObject second = await DeploymentAsync("web", deployment => deployment.Generation > first.Generation && IsComplete(deployment));

        second.Annotation("deployment.kubernetes.io/revision").Should().Be("2");
        second.HasCondition("Available").Should().BeTrue();
        List<KubernetesObject> sets = (await _kubelet.ListAsync(Kinds.ReplicaSet))
            .Where(set => set.Name.StartsWith("web-", StringComparison.Ordinal)).ToList();
        sets.Should().HaveCount(2);
        sets.Sum(set => set.Spec.Int("replicas")).Should().Be(2);

        static bool IsComplete(KubernetesObject deployment) => deployment.Status.Number("observedGeneration") == deployment.Generation
            && deployment.Status.Int("updatedReplicas") == 2
            && deployment.Status.Int("replicas") == 2
            && deployment.Status.Int("availableReplicas") == 2;
    }

    [Fact]
    public async Task StatefulSet_CreatedAgainAfterAnOrphaningDelete_AdoptsItsPods()
    {
        await CreateSetAsync("ad", replicas: 1);
        KubernetesObject old = await SetAsync("ad", set => set.Status.Int("readyReplicas") == 1);
        KubernetesObject pod = (await _kubelet.GetAsync(Kinds.Pod, "ad-0"))!;
        await _kubelet.OrphanAsync(Kinds.StatefulSet, "ad");

        await CreateSetAsync("ad", replicas: 1);

        KubernetesObject fresh = await SetAsync("ad", set => set.Uid != old.Uid && set.Status.Int("readyReplicas") == 1);
        KubernetesObject adopted = (await _kubelet.GetAsync(Kinds.Pod, "ad-0"))!;
        adopted.Uid.Should().Be(pod.Uid, "the process goes on");
        adopted.IsControlledBy(fresh).Should().BeTrue();
    }

    /// <summary>With claims that are to go with their set, and some that an earlier set of the name left.</summary>
    [Fact]
    public async Task StatefulSet_CreatedAgainAfterAnOrphaningDelete_TakesItsClaimsAlongWhenItGoes()
    {
        const string takesClaims = ""","persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Delete","whenScaled":"Retain"}""";
        await CreateSetAsync("cl", replicas: 2, takesClaims);
        KubernetesObject old = await SetAsync("cl", set => set.Status.Int("readyReplicas") == 2);
        await _kubelet.OrphanAsync(Kinds.StatefulSet, "cl");
        (await _kubelet.GetAsync(Kinds.VolumeClaim, "data-cl-0"))!.ControllerOwner().Should().BeNull();

        await CreateSetAsync("cl", replicas: 1, takesClaims);

        KubernetesObject fresh = await SetAsync("cl", set => set.Uid != old.Uid && set.Status.Int("readyReplicas") == 1);
        (await WaitAsync(Kinds.VolumeClaim, "data-cl-0", claim => claim.ControllerOwner() is not null)).IsControlledBy(fresh).Should().BeTrue();
        await _kubelet.DeleteAsync(Kinds.StatefulSet, fresh);
        await _kubelet.GoneAsync(Kinds.VolumeClaim, "data-cl-0");
        (await _kubelet.GetAsync(Kinds.VolumeClaim, "data-cl-1"))!.IsDeleting.Should().BeFalse("it is no member's");
    }

    [Fact]
    public async Task Deployment_CreatedAgainAfterAnOrphaningDelete_AdoptsItsReplicaSetAndGoesWithIt()
    {
        string manifest = $$"""{"metadata":{"name":"oa"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"oa"} },"template":{{TemplateOf("oa", "")}} } }""";
        await _kubelet.CreateAsync(Kinds.Deployment, manifest);
        KubernetesObject old = await DeploymentAsync("oa", deployment => deployment.Status.Int("readyReplicas") == 1);
        KubernetesObject set = (await _kubelet.ListAsync(Kinds.ReplicaSet)).Single(set => set.IsControlledBy(old));
        await _kubelet.OrphanAsync(Kinds.Deployment, "oa");

        await _kubelet.CreateAsync(Kinds.Deployment, manifest);

        KubernetesObject fresh = await DeploymentAsync("oa", deployment => deployment.Uid != old.Uid && deployment.Status.Int("readyReplicas") == 1);
        (await _kubelet.GetAsync(Kinds.ReplicaSet, set.Name))!.IsControlledBy(fresh).Should().BeTrue();
        await _kubelet.DeleteAsync(Kinds.Deployment, fresh);
        await _kubelet.GoneAsync(Kinds.ReplicaSet, set.Name);
    }

    [Fact]
    public async Task Service_WithPods_HasSliceAndNames()
    {
        await _kubelet.CreateAsync(
            Kinds.Service,
            """{"metadata":{"name":"db2-headless"},"spec":{"clusterIP":"None","selector":{"app":"db2"},"ports":[{"name":"sql","port":5432}]}}""");
        await CreateSetAsync("db2", replicas: 1);
        await SetAsync("db2", set => set.Status.Int("readyReplicas") == 1);
        string? address = (await _kubelet.GetAsync(Kinds.Pod, "db2-0"))!.Status.Text("podIP");

        foreach (string name in (string[])["db2-headless.default", "db2-headless.default.svc", "db2-0.db2-headless.default.svc.cluster.local"])
        {
            await Eventually.TrueAsync(
                async () => (await File.ReadAllLinesAsync(_kubelet.Kubelet.HostsFilePath)).Contains($"{address} {name}"), $"{name} stands for {address}");
        }

        await Eventually.TrueAsync(
            async () => (await _kubelet.ListAsync(Kinds.EndpointSlice)).Any(slice =>
                slice.Label("kubernetes.io/service-name") == "db2-headless"
                && slice.Json.Items("endpoints").Any(endpoint => endpoint.Field("conditions").Flag("ready") == true && endpoint.Items("addresses").Single().GetString() == address)),
            "the endpoint slice shows the pod");
    }

    private static string TemplateOf(string name, string mounts) =>
        Template.Replace("NAME", name, StringComparison.Ordinal).Replace("MOUNTS", mounts, StringComparison.Ordinal);

    private Task<KubernetesObject> CreateSetAsync(string name, int replicas, string more = "") =>
        _kubelet.CreateAsync(
            Kinds.StatefulSet,
            $$"""
              {"metadata":{"name":"{{name}}"},"spec":{"replicas":{{replicas}},"serviceName":"{{name}}-headless","podManagementPolicy":"Parallel",
               "selector":{"matchLabels":{"app":"{{name}}"} }{{more}},
               "template":{{TemplateOf(name, ""","volumeMounts":[{"name":"data","mountPath":"/data"}]""")}},
               "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"} } } }] } }
              """);

    private Task<KubernetesObject> ChangeTemplateAsync(KubernetesType<KubernetesObject> kind, string name) =>
        _kubelet.PatchAsync(kind, name, """{"spec":{"template":{"metadata":{"annotations":{"changed":"yes"}}}}}""");

    private Task<KubernetesObject> SetAsync(string name, Func<KubernetesObject, bool> condition) => WaitAsync(Kinds.StatefulSet, name, condition);

    private Task<KubernetesObject> DeploymentAsync(string name, Func<KubernetesObject, bool> condition) => WaitAsync(Kinds.Deployment, name, condition);

    private async Task<KubernetesObject> WaitAsync(KubernetesType<KubernetesObject> kind, string name, Func<KubernetesObject, bool> condition)
    {
        KubernetesObject? live = null;
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    live = await _kubelet.GetAsync(kind, name);
                    return live is not null && condition(live);
                },
                name);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{kind.Kind} {name} did not get there; last seen: {live?.Json.GetRawText()}", late);
        }

        return live!;
    }
}
