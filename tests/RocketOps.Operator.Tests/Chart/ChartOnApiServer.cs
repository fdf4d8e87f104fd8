using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Testing;
using RocketOps.Testing.Kubernetes;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Operator.Tests.Chart;

/// <summary>A kube-apiserver of the kit with the chart's roles, policies and definitions, and nothing that acts on objects. Only where the ring is asked for.</summary>
public sealed class ChartOnApiServer : IAsyncLifetime
{
    public const string SystemNamespace = "rocketops-system";

    /// <summary>Who the operator is there, as RBAC and policies see it.</summary>
    public const string Account = $"system:serviceaccount:{SystemNamespace}:rocketops-operator";

    private const string KubeVersion = "1.34.4";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Those come to their end first, and say what they waited for.</summary>
    private static readonly TimeSpan ProgramPatience = Patience + TimeSpan.FromMinutes(2);

    private readonly string _state = Path.Combine(Path.GetTempPath(), $"kit-chart-{Environment.ProcessId}");
    private bool _running;

    private static string Programs { get; } = Path.Combine(Environment.GetEnvironmentVariable("CACHE") is { Length: > 0 } given ? given : "/var/cache/rocketops-kube", "bin");

    private IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["STATE"] = _state,
        ["KUBECONFIG"] = Path.Combine(_state, "admin.conf"),
        ["PATH"] = $"{SharedKits.Kube}:{Programs}:{Environment.GetEnvironmentVariable("PATH")}",
    };

    public static void Require()
    {
        string? reason = RingRules.Current.WhySkipGuest(RingRules.Cluster, SharedKits.WhyMissing(SharedKits.Kube));
        Skip.If(reason is not null, reason);
    }

    public async Task InitializeAsync()
    {
        if (!RingRules.Current.IsAskedFor(RingRules.Cluster) || SharedKits.WhyMissing(SharedKits.Kube) is not null)
        {
            return;
        }

        _running = true;
        await KubeKit.UpApiAsync(Variables);
        await KubectlAsync("create", "namespace", SystemNamespace);
        await KubectlAsync("create", "serviceaccount", "default");
        await InstallAsync();
    }

    public async Task DisposeAsync()
    {
        if (_running)
        {
            await KubeKit.DownAsync(Variables);
        }
    }

    /// <summary>The API server for somebody who may do everything.</summary>
    public KubernetesClientConfiguration Admin() => KubernetesClientConfiguration.FromKubeconfig(Path.Combine(_state, "admin.conf"));

    /// <summary>The API server for the operator's service account.</summary>
    public KubernetesClientConfiguration Operator()
    {
        KubernetesClientConfiguration admin = Admin();
        return new KubernetesClientConfiguration
        {
            Server = admin.Server,
            CertificateAuthorityPem = admin.CertificateAuthorityPem,
            CertificateAuthorityFile = admin.CertificateAuthorityFile,
            ClientCertificate = admin.ClientCertificate,
            Token = admin.Token,
            Namespace = SystemNamespace,
            ImpersonateUser = Account,
            ImpersonateGroups = ["system:serviceaccounts", $"system:serviceaccounts:{SystemNamespace}", "system:authenticated"],
        };
    }

    /// <summary>Runs kubectl and returns what it printed; throws when it fails.</summary>
    public async Task<string> KubectlAsync(params string[] arguments) => (await TryKubectlAsync(arguments)).EnsureSuccess().Output;

    public Task<ProcessResult> TryKubectlAsync(params string[] arguments) => Kubectl.RunAsync(arguments[0], () => RunAsync(Path.Combine(Programs, "kubectl"), arguments));

    /// <summary>Applies a manifest as the operator's service account.</summary>
    public Task<ProcessResult> ApplyAsOperatorAsync(string manifest) => ApplyFileAsync(manifest, "--field-manager=rocketops-operator", "--as", Account);

    /// <summary>Applies a manifest as somebody who may do everything.</summary>
    public async Task ApplyAsync(string manifest) => (await ApplyFileAsync(manifest)).EnsureSuccess();

    private async Task<ProcessResult> ApplyFileAsync(string manifest, params string[] options)
    {
        using TempDirectory directory = new();
        string file = directory.File("manifest.yaml");
        await File.WriteAllTextAsync(file, manifest);
        return await TryKubectlAsync(["apply", "--server-side", "-f", file, .. options]);
    }

    private async Task InstallAsync()
    {
        ProcessResult rendered = await RunAsync(
            Path.Combine(Programs, "helm"), "template", "rocketops", "charts/rocketops", "--namespace", SystemNamespace, "--no-hooks", "--kube-version", KubeVersion,
            "--api-versions", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",
            "--set", "image.repository=rocketops/operator,brokerImage.repository=rocketops/broker,nameServerImage.repository=rocketops/nameserver");
        using TempDirectory directory = new();
        string file = directory.File("chart.yaml");
        await File.WriteAllTextAsync(file, rendered.EnsureSuccess().Output);
        await KubectlAsync("apply", "--server-side", "-f", file);
        await KubectlAsync("wait", "--for=condition=Established", "crd/brokerclusters.rocketops.io", "crd/topics.rocketops.io", "crd/consumergroups.rocketops.io", "--timeout=10m");

        // Policies count some time after they are written, each from a moment of its own; these must be refused.
        await Eventually.TrueAsync(async () => (await ApplyAsOperatorAsync(ShippedPoliciesTests.Foreign)).Error.Contains("rocketops.io/cluster", StringComparison.Ordinal), "the policy of the operator is in force", Patience);
        await Eventually.TrueAsync(async () => (await ApplyFileAsync(ShippedPoliciesTests.Protected)).ExitCode == 0, "topics are taken", Patience);
        await Eventually.TrueAsync(
            async () => (await TryKubectlAsync("delete", "topic/protected", "--dry-run=server")).Error.Contains("It is protected", StringComparison.Ordinal),
            "the policy of what is protected is in force",
            Patience);
        await KubectlAsync("annotate", "topic/protected", "rocketops.io/deletion-protection-");
        await KubectlAsync("delete", "topic/protected");
    }

    private Task<ProcessResult> RunAsync(string program, params string[] arguments) => ChildProcess.RunAsync(program, arguments, ProgramPatience, Variables, SharedKits.RepositoryRoot);
}
