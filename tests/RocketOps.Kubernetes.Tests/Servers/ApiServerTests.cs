using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Crds;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.LeaderElection;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Kubernetes.Tests.Servers;

/// <summary>What the client and its helpers do against an API server. The same for the real one and for the embedded one.</summary>
public abstract class ApiServerTests(IApiServer server)
{
    /// <summary>Nobody's lease ends in a test: it is handed back.</summary>
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan RenewDeadline = TimeSpan.FromMinutes(20);

    /// <summary>Of who hands back: that may take as long.</summary>
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromMinutes(1);

    [SkippableFact]
    public async Task Crud_OfAConfigMap_RoundTrips()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);

        ConfigMap created = await client.CreateAsync(ConfigMap(ns, "settings", ("a", "1")));
        created.Data!["b"] = "2";
        ConfigMap replaced = await client.ReplaceAsync(created);
        ConfigMap patched = await client.PatchAsync<ConfigMap>(
            "settings", ns, KubernetesPatch.Merge(new JsonObject { ["data"] = new JsonObject { ["a"] = null, ["c"] = "3" } }));
        ConfigMap? read = await client.GetAsync<ConfigMap>("settings", ns);
        bool deleted = await client.DeleteAsync<ConfigMap>("settings", ns, new DeleteOptions { Preconditions = new Preconditions { Uid = created.Uid() } });

        replaced.Data.Should().Contain("b", "2");
        patched.Data.Should().BeEquivalentTo(new Dictionary<string, string> { ["b"] = "2", ["c"] = "3" });
        read!.Metadata.ResourceVersion.Should().Be(patched.Metadata.ResourceVersion);
        deleted.Should().BeTrue();
        (await client.GetAsync<ConfigMap>("settings", ns)).Should().BeNull();
        (await client.DeleteAsync<ConfigMap>("settings", ns)).Should().BeFalse();
    }

    [SkippableFact]
    public async Task For_AKind_KeepsWhatNoModelKnows()
    {
        using KubernetesClient client = server.CreateClient();
        IKubernetesClient pods = client.For(ResourceKind.Of("", "v1", "Pod", "pods"));
        string ns = await CreateNamespaceAsync(client);
        string json = $$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"one","namespace":"{{ns}}","labels":{"app":"x"} },
             "spec":{"hostAliases":[{"ip":"127.0.0.1","hostnames":["here"]}],"containers":[{"name":"main","image":"example.org/none:1"}] } }
            """;

        await pods.CreateAsync(new KubernetesObject(JsonElement.Parse(json)));
        KubernetesObject pod = (await pods.ListAsync<KubernetesObject>(new ListOptions { Namespace = ns })).Items.Single();

        pod.Should().BeEquivalentTo(new { Name = "one", Namespace = ns, ApiVersion = "v1", Kind = "Pod", IsDeleting = false });
        pod.Label("app").Should().Be("x");
        pod.Spec.Items("hostAliases").Single().Items("hostnames").Single().GetString().Should().Be("here");
        pod.Condition("Ready").Exists().Should().BeFalse();
        (await pods.DeleteAsync<KubernetesObject>("one", ns, new DeleteOptions { GracePeriodSeconds = 0 })).Should().BeTrue();
        (await client.GetAsync<Pod>("one", ns)).Should().BeNull();
    }

    [SkippableFact]
    public async Task Errors_CarryTheStatus()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        ConfigMap first = await client.CreateAsync(ConfigMap(ns, "one"));
        await client.PatchAsync<ConfigMap>("one", ns, KubernetesPatch.Merge(new JsonObject { ["data"] = new JsonObject { ["x"] = "y" } }));

        Func<Task<ConfigMap>> again = () => client.CreateAsync(ConfigMap(ns, "one"));
        Func<Task<ConfigMap>> stale = () => client.ReplaceAsync(first);
        Func<Task<bool>> otherIncarnation = () => client.DeleteAsync<ConfigMap>(
            "one", ns, new DeleteOptions { Preconditions = new Preconditions { Uid = "11111111-1111-1111-1111-111111111111" } });
        Func<Task<ConfigMap>> invalid = () => client.CreateAsync(ConfigMap(ns, "Not_A_Name"));

        (await again.Should().ThrowAsync<KubernetesException>()).Which.IsAlreadyExists.Should().BeTrue();
        (await stale.Should().ThrowAsync<KubernetesException>()).Which.IsConflict.Should().BeTrue();
        (await otherIncarnation.Should().ThrowAsync<KubernetesException>()).Which.IsConflict.Should().BeTrue();
        (await invalid.Should().ThrowAsync<KubernetesException>()).Which.IsInvalid.Should().BeTrue();
    }

    [SkippableFact]
    public async Task List_InPages_SeesEverything()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        for (int i = 0; i < 7; i++)
        {
            await client.CreateAsync(ConfigMap(ns, $"map-{i}"));
        }

        KubernetesList<ConfigMap> page = await client.ListPageAsync<ConfigMap>(new ListOptions { Namespace = ns, Limit = 3 });
        KubernetesList<ConfigMap> all = await client.ListAsync<ConfigMap>(new ListOptions { Namespace = ns, Limit = 3 });

        page.Items.Should().HaveCount(3);
        page.Metadata.Continue.Should().NotBeNullOrEmpty();
        all.Items.Select(c => c.Name()).Should().BeEquivalentTo(Enumerable.Range(0, 7).Select(i => $"map-{i}"));
        all.Items.Should().OnlyContain(c => c.Kind == "ConfigMap" && c.ApiVersion == "v1");
        all.Metadata.ResourceVersion.Should().NotBeNullOrEmpty();
    }

    [SkippableFact]
    public async Task Watch_FromAListsVersion_SeesLaterChanges()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        await client.CreateAsync(ConfigMap(ns, "before"));
        KubernetesList<ConfigMap> list = await client.ListAsync<ConfigMap>(new ListOptions { Namespace = ns });

        await client.CreateAsync(ConfigMap(ns, "after"));
        await client.DeleteAsync<ConfigMap>("before", ns);
        using CancellationTokenSource deadline = new CancellationTokenSource(Eventually.DefaultDeadline);
        List<string> seen = new List<string>();
        await foreach (WatchEvent<ConfigMap> change in client.WatchAsync<ConfigMap>(
            new WatchOptions { Namespace = ns, ResourceVersion = list.Metadata.ResourceVersion }, deadline.Token))
        {
            seen.Add($"{change.Type} {change.Object?.Name()}");
            if (seen.Count == 2)
            {
                break;
            }
        }

        seen.Should().Equal("Added after", "Deleted before");
    }

    [SkippableFact]
    public async Task Applier_AfterConvergence_WritesNothing()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        ServerSideApplier applier = Applier(client);

        ApplyOutcome<StatefulSet> first = await applier.ApplyAsync(StatefulSet(ns), live: null, CancellationToken.None);
        StatefulSet? live = await client.GetAsync<StatefulSet>("broker", ns);
        ApplyOutcome<StatefulSet> second = await applier.ApplyAsync(StatefulSet(ns), live, CancellationToken.None);

        first.Written.Should().BeTrue();
        first.Created.Should().BeTrue();
        second.Written.Should().BeFalse("ownership as the server tells it covers all that was applied");
    }

    [SkippableFact]
    public async Task Applier_WhenAnotherWriterChangesAField_TakesItBack()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        ServerSideApplier applier = Applier(client);
        await applier.ApplyAsync(StatefulSet(ns), live: null, CancellationToken.None);

        await client.PatchAsync<StatefulSet>(
            "broker", ns, KubernetesPatch.Merge(new JsonObject { ["spec"] = new JsonObject { ["replicas"] = 5 } }), new WriteOptions { FieldManager = "someone" });
        ApplyOutcome<StatefulSet> repaired = await applier.ApplyAsync(StatefulSet(ns), await client.GetAsync<StatefulSet>("broker", ns), CancellationToken.None);
        ApplyOutcome<StatefulSet> again = await applier.ApplyAsync(StatefulSet(ns), await client.GetAsync<StatefulSet>("broker", ns), CancellationToken.None);

        repaired.Written.Should().BeTrue();
        repaired.Object.Spec!.Replicas.Should().Be(2);
        again.Written.Should().BeFalse();
    }

    [SkippableFact]
    public async Task Applier_WhenAnotherWriterChangesAListItem_TakesItBack()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        ServerSideApplier applier = Applier(client);
        await applier.ApplyAsync(StatefulSet(ns), live: null, CancellationToken.None);

        await client.PatchAsync<StatefulSet>(
            "broker",
            ns,
            KubernetesPatch.Json(JsonNode.Parse("""[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"other:1"}]""")!.AsArray()));
        ApplyOutcome<StatefulSet> repaired = await applier.ApplyAsync(StatefulSet(ns), await client.GetAsync<StatefulSet>("broker", ns), CancellationToken.None);

        repaired.Written.Should().BeTrue();
        repaired.Object.Spec!.Template!.Spec!.Containers![0].Image.Should().Be("broker:1");
    }

    [SkippableFact]
    public async Task Applier_WhenAFieldIsLeftOut_RemovesIt()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        ServerSideApplier applier = Applier(client);
        await applier.ApplyAsync(ConfigMap(ns, "settings", ("a", "1"), ("b", "2")), live: null, CancellationToken.None);

        ApplyOutcome<ConfigMap> outcome = await applier.ApplyAsync(ConfigMap(ns, "settings", ("a", "1")), await client.GetAsync<ConfigMap>("settings", ns), CancellationToken.None);

        outcome.Written.Should().BeTrue();
        outcome.Object.Data.Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = "1" });
    }

    [SkippableFact]
    public async Task Applier_WhenTheObjectIsNotWhatWasSeen_IsRefused()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        ServerSideApplier applier = Applier(client);
        ConfigMap seen = (await applier.ApplyAsync(ConfigMap(ns, "settings", ("a", "1")), live: null, CancellationToken.None)).Object;
        ConfigMap changed = (await applier.ApplyAsync(ConfigMap(ns, "settings", ("a", "2")), seen, CancellationToken.None)).Object;
        Func<Task> late = () => applier.ApplyAsync(ConfigMap(ns, "settings", ("a", "3")), seen, CancellationToken.None);

        (await late.Should().ThrowAsync<KubernetesException>("it has changed")).Which.IsConflict.Should().BeTrue();
        await client.DeleteAsync<ConfigMap>("settings", ns);
        (await late.Should().ThrowAsync<KubernetesException>("it is gone")).Which.IsConflict.Should().BeTrue();
        (await client.GetAsync<ConfigMap>("settings", ns)).Should().BeNull();
        await applier.ApplyAsync(ConfigMap(ns, "settings", ("a", "4")), live: null, CancellationToken.None);
        (await late.Should().ThrowAsync<KubernetesException>("it is another one")).Which.IsConflict.Should().BeTrue();
        changed.Data!["a"].Should().Be("2", "what was seen is written");
        (await client.GetAsync<ConfigMap>("settings", ns))!.Data!["a"].Should().Be("4");
    }

    [SkippableFact]
    public async Task Crd_Generated_IsAcceptedAndUnchangedByTheServer()
    {
        using KubernetesClient client = server.CreateClient(new KubernetesTypes().Add(WidgetJsonContext.Default.Widget));
        string ns = await CreateNamespaceAsync(client);
        JsonObject crd = CrdGenerator.Generate(typeof(Widget));

        JsonObject stored = await InstallAsync(client, crd);

        // In the server's normal form: what we send is all there, as we sent it.
        Differences(crd, stored, "$").Should().BeEmpty();

        Widget widget = Widget(ns);
        Widget applied = await client.ApplyAsync(widget, new ApplyOptions("tests"));
        applied.Spec.Color.Should().Be(WidgetColor.Red);
        applied.Spec.Replicas.Should().Be(2);

        widget.Spec.Title = "NOT LOWER";
        Func<Task<Widget>> pattern = () => client.ApplyAsync(widget, new ApplyOptions("tests"));
        (await pattern.Should().ThrowAsync<KubernetesException>()).Which.IsInvalid.Should().BeTrue();
        applied.Status = new WidgetStatus { ObservedGeneration = 1, Replicas = 2, Conditions = [] };
        Conditions.Set(applied.Status.Conditions, new Condition { Type = "Ready", Status = ConditionStatus.True, Reason = "Works", Message = "" }, DateTimeOffset.UtcNow);
        Widget withStatus = await client.ApplyStatusAsync(applied, new ApplyOptions("tests"));
        Widget withStatusAgain = await client.ApplyStatusAsync(applied, new ApplyOptions("tests"));
        withStatus.Status!.Conditions.Should().ContainSingle().Which.Reason.Should().Be("Works");
        withStatusAgain.Metadata.ResourceVersion.Should().Be(withStatus.Metadata.ResourceVersion, "nothing changed");

        if (!server.EvaluatesRules)
        {
            return;
        }

        widget.Spec.Title = "other";
        Func<Task<Widget>> immutable = () => client.ApplyAsync(widget, new ApplyOptions("tests"));
        (await immutable.Should().ThrowAsync<KubernetesException>()).Which.Message.Should().Contain("title cannot be changed");
        widget.Spec.Title = "mine";
        widget.Spec.Replicas = 1;
        Func<Task<Widget>> crossField = () => client.ApplyAsync(widget, new ApplyOptions("tests"));
        (await crossField.Should().ThrowAsync<KubernetesException>()).Which.Message.Should().Contain("replicas must not be less than minimum");
    }

    [SkippableFact]
    public async Task Runtime_WithAControllerThatApplies_ConvergesGoesQuietAndRepairs()
    {
        KubernetesTypes types = new KubernetesTypes().Add(WidgetJsonContext.Default.Widget);
        using KubernetesClient client = server.CreateClient(types);
        string ns = await CreateNamespaceAsync(client);
        await InstallAsync(client, CrdGenerator.Generate(typeof(Widget)));
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.Configure<HostOptions>(static o => o.ShutdownTimeout = Eventually.DefaultDeadline);
        builder.Services.AddSingleton(types);
        builder.Services.AddSingleton<IKubernetesClient>(client);
        builder.Services
            .AddKubernetesOperator(o =>
            {
                o.Namespaces = [ns];
                o.LeaseNamespace = ns;
                o.LeaseDuration = LeaseDuration;
                o.RenewDeadline = RenewDeadline;
                o.RetryPeriod = RetryPeriod;
            })
            .AddController<ApplyingController, Widget>(c => c.Owns<ConfigMap>().WithResync(TimeSpan.FromMilliseconds(100)));
        using IHost host = builder.Build();
        await host.StartAsync();
        ApplyingController controller = host.Services.GetRequiredService<ApplyingController>();

        await client.ApplyAsync(Widget(ns), new ApplyOptions("tests"));
        await Eventually.TrueAsync(async () => (await client.GetAsync<Widget>("one", ns))?.Status?.ObservedGeneration == 1, "the status is written");

        // Quiet: passes go on, writes do not.
        await Eventually.TrueAsync(() => controller.QuietPasses >= 3, "passes without a write");
        int writes = controller.Writes;
        int passes = controller.Passes;
        await Eventually.TrueAsync(() => controller.Passes >= passes + 10, "ten more passes");
        controller.Writes.Should().Be(writes);

        // Repair: what others change or take away comes back.
        await client.PatchAsync<ConfigMap>("one-config", ns, KubernetesPatch.Merge(new JsonObject { ["data"] = new JsonObject { ["replicas"] = "99" } }));
        await Eventually.TrueAsync(async () => (await client.GetAsync<ConfigMap>("one-config", ns))!.Data!["replicas"] == "2", "the change is undone");
        await client.DeleteAsync<ConfigMap>("one-config", ns);
        await Eventually.TrueAsync(async () => await client.GetAsync<ConfigMap>("one-config", ns) is not null, "the child is made again");

        await host.StopAsync();
        (await client.GetAsync<Lease>("rocketops-operator", ns))!.Spec!.HolderIdentity.Should().BeEmpty("the lease is handed back");
    }

    [SkippableFact]
    public async Task Informer_SeesChangesMadeElsewhere()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        await client.CreateAsync(ConfigMap(ns, "old"));
        Informer<ConfigMap> informer = new Informer<ConfigMap>(client, new InformerOptions { Namespaces = [ns] });
        using CancellationTokenSource stop = new CancellationTokenSource();
        Task running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(stop.Token).WaitAsync(Eventually.DefaultDeadline);

        informer.List().Select(c => c.Name()).Should().Equal("old");
        await client.CreateAsync(ConfigMap(ns, "new"));
        await client.DeleteAsync<ConfigMap>("old", ns);

        await Eventually.TrueAsync(() => informer.List().Select(c => c.Name()).SequenceEqual(["new"]), "the informer sees the changes");
        await stop.CancelAsync();
        await running;
    }

    [SkippableFact]
    public async Task Lease_OfTwoCandidates_HasOneLeaderAndIsHandedOver()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        LeaderElectionOptions options = new() { LeaseName = "op", LeaseNamespace = ns, LeaseDuration = LeaseDuration, RenewDeadline = RenewDeadline };
        LeaderElector first = new LeaderElector(client, options with { Identity = "first", RetryPeriod = RetryPeriod });
        LeaderElector second = new LeaderElector(client, options with { Identity = "second" });
        using CancellationTokenSource stopFirst = new CancellationTokenSource();
        using CancellationTokenSource stopSecond = new CancellationTokenSource();

        Task runningFirst = first.RunAsync(token => Task.Delay(Timeout.Infinite, token), stopFirst.Token);
        await Eventually.TrueAsync(() => first.IsLeader, "the first leads");
        Task runningSecond = second.RunAsync(token => Task.Delay(Timeout.Infinite, token), stopSecond.Token);
        await Eventually.TrueAsync(() => second.ObservedHolder == "first", "the second sees the first");
        second.IsLeader.Should().BeFalse();
        await stopFirst.CancelAsync();
        await runningFirst;

        await Eventually.TrueAsync(() => second.IsLeader, "the second takes over");
        Lease? lease = await client.GetAsync<Lease>("op", ns);
        lease!.Spec!.HolderIdentity.Should().Be("second");
        lease.Spec.LeaseTransitions.Should().Be(1);
        await stopSecond.CancelAsync();
        await runningSecond;
    }

    [SkippableFact]
    public async Task Events_Repeated_BecomeASeries()
    {
        using KubernetesClient client = server.CreateClient();
        string ns = await CreateNamespaceAsync(client);
        ConfigMap map = await client.CreateAsync(ConfigMap(ns, "subject"));
        EventRecorder recorder = new EventRecorder(client, new EventRecorderOptions { ReportingController = "rocketops.io/tests" });
        using CancellationTokenSource stop = new CancellationTokenSource();
        Task running = recorder.RunAsync(stop.Token);

        recorder.Record(map, EventType.Warning, "Failed", "Try", "It did not work.");
        recorder.Record(map, EventType.Warning, "Failed", "Try", "It did not work.");

        await Eventually.TrueAsync(
            async () => (await client.ListAsync<Event>(new ListOptions { Namespace = ns })).Items is [{ Series.Count: 2 }], "one event that counts two");
        await stop.CancelAsync();
        await running;
    }

    private static async Task<string> CreateNamespaceAsync(KubernetesClient client)
    {
        string name = $"test-{Guid.NewGuid():N}";
        await client.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = name } });
        return name;
    }

    private static async Task<JsonObject> InstallAsync(KubernetesClient client, JsonObject crd)
    {
        string name = crd["metadata"]!["name"]!.GetValue<string>();
        string path = $"apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}";
        await client.SendAsync(HttpMethod.Patch, $"{path}?fieldManager=tests&force=true&fieldValidation=Strict", crd.DeepClone(), KubernetesMediaTypes.ApplyPatch);
        JsonObject? stored = null;
        await Eventually.TrueAsync(
            async () =>
            {
                stored = (JsonObject?)await client.SendAsync(HttpMethod.Get, path);
                return stored!["status"]?["conditions"]?.AsArray().Any(c => (string?)c!["type"] == "Established" && (string?)c["status"] == "True") == true;
            },
            "the CRD is established");
        await Eventually.TrueAsync(
            async () =>
            {
                // A new resource answers 404, then 429, then its list.
                try
                {
                    await client.ListAsync<Widget>();
                    return true;
                }
                catch (KubernetesException e) when (e.IsNotFound || e.Code == HttpStatusCode.TooManyRequests)
                {
                    return false;
                }
            },
            "the kind is served");
        return stored!;
    }

    /// <summary>Fields of the wanted object that the actual one lacks or has otherwise.</summary>
    private static IEnumerable<string> Differences(JsonNode? wanted, JsonNode? actual, string path) => (wanted, actual) switch
    {
        (JsonObject w, JsonObject a) => w.Where(p => p.Value is not null).SelectMany(p => Differences(p.Value, a[p.Key], $"{path}.{p.Key}")),
        (JsonArray w, JsonArray a) when w.Count == a.Count => w.SelectMany((item, i) => Differences(item, a[i], $"{path}[{i}]")),
        _ => JsonNode.DeepEquals(wanted, actual) ? [] : [$"{path}: {wanted?.ToJsonString()} became {actual?.ToJsonString()}"],
    };

    private static ServerSideApplier Applier(IKubernetesClient client) =>
        new(client, new ServerSideApplierOptions { FieldManager = "rocketops-tests", HashAnnotation = "rocketops.io/applied-hash" });

    private static Widget Widget(string ns) => new()
    {
        Metadata = new ObjectMeta { Name = "one", Namespace = ns },
        Spec = new WidgetSpec
        {
            Title = "mine",
            Replicas = 2,
            Minimum = 2,
            Size = Quantity.Parse("1024Mi"),
            Port = "http",
            Tags = ["b", "a"],
            Parts = [new WidgetPart { Name = "wheel", Weight = 1.5 }],
            Config = new() { ["key"] = "value" },
        },
    };

    private static ConfigMap ConfigMap(string ns, string name, params (string Key, string Value)[] data) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = ns },
        Data = data.Length == 0 ? null : data.ToDictionary(d => d.Key, d => d.Value),
    };

    /// <summary>Of every kind of list: keyed, atomic, a set, and a template of claims.</summary>
    private static StatefulSet StatefulSet(string ns) => new()
    {
        Metadata = new ObjectMeta { Name = "broker", Namespace = ns, Labels = new() { ["app"] = "broker" } },
        Spec = new StatefulSetSpec
        {
            Replicas = 2,
            ServiceName = "broker",
            Selector = new LabelSelector { MatchLabels = new() { ["app"] = "broker" } },
            PodManagementPolicy = "Parallel",
            UpdateStrategy = new StatefulSetUpdateStrategy { Type = "OnDelete" },
            PersistentVolumeClaimRetentionPolicy = new StatefulSetPersistentVolumeClaimRetentionPolicy { WhenDeleted = "Retain", WhenScaled = "Retain" },
            Template = new PodTemplateSpec
            {
                Metadata = new ObjectMeta { Labels = new() { ["app"] = "broker" } },
                Spec = new PodSpec
                {
                    TerminationGracePeriodSeconds = 60,
                    SecurityContext = new PodSecurityContext { RunAsNonRoot = true, FsGroup = 10001, SeccompProfile = new SeccompProfile { Type = "RuntimeDefault" } },
                    Containers =
                    [
                        new Container
                        {
                            Name = "broker",
                            Image = "broker:1",
                            Args = ["-c", "/etc/broker.conf"],
                            Env =
                            [
                                new EnvVar { Name = "POD_IP", ValueFrom = new EnvVarSource { FieldRef = new ObjectFieldSelector { FieldPath = "status.podIP" } } },
                                new EnvVar { Name = "ADDRESS", Value = "$(POD_IP)" },
                            ],
                            Ports = [new ContainerPort { Name = "remoting", Port = 10911 }, new ContainerPort { Name = "http", Port = 8080, Protocol = "TCP" }],
                            Resources = new ResourceRequirements { Requests = new() { ["cpu"] = Quantity.Parse("0.5"), ["memory"] = Quantity.Parse("1024Mi") } },
                            ReadinessProbe = new Probe { HttpGet = new HttpGetAction { Path = "/readyz", Port = "http" }, PeriodSeconds = 5 },
                            SecurityContext = new SecurityContext { ReadOnlyRootFilesystem = true, Capabilities = new Capabilities { Drop = ["ALL"] } },
                            VolumeMounts = [new VolumeMount { Name = "data", MountPath = "/data" }, new VolumeMount { Name = "tmp", MountPath = "/tmp" }],
                        },
                    ],
                    Volumes = [new Volume { Name = "tmp", EmptyDir = new EmptyDirVolumeSource() }],
                    TopologySpreadConstraints =
                    [
                        new TopologySpreadConstraint { MaxSkew = 1, TopologyKey = "kubernetes.io/hostname", WhenUnsatisfiable = "ScheduleAnyway" },
                    ],
                    Tolerations = [new Toleration { Key = "dedicated", Operator = "Exists" }],
                },
            },
            VolumeClaimTemplates =
            [
                new PersistentVolumeClaim
                {
                    Metadata = new ObjectMeta { Name = "data" },
                    Spec = new PersistentVolumeClaimSpec
                    {
                        AccessModes = ["ReadWriteOnce"],
                        Resources = new ResourceRequirements { Requests = new() { ["storage"] = Quantity.Parse("20Gi") } },
                    },
                },
            ],
        },
    };
}
