namespace RocketOps.Testing.Docs;

/// <summary>
/// The blocks of the pages that the tests of documented code leave out, each with the reason and, where there is one, the test that does the same otherwise. A block
/// is known by its page and its first line. A new block that is not here is run.
/// </summary>
public static class UnrunBlocks
{
    private const string Elected = "is about a group that elects its master, and the cluster of these pages has none: the cluster ring asks for the Lease, the status and the events (ElectedGroupTests)";
    private const string Unclean = "loses messages of a group that elects its master, and the cluster of these pages has none: FailoverTests promote so, and KubernetesLeaseStoreTests read the annotation";
    private const string Images = "needs images and a real cluster: the cluster ring does the same (QuickStartTests, .ci/images)";
    private const string Java = "needs a Java broker to hand over: the interop ring attaches slaves of either to masters of the other (ReplicationInteropTests)";
    private const string Plain = "needs a Kubernetes with admission policies, where an operator may run: KustomizeTests apply the rest to the embedded API";
    private const string Package = "done step by step by PackageTests, with package folders of their own";

    /// <summary>The list.</summary>
    public static IReadOnlyList<(string Page, string FirstLine, string Reason)> All { get; } =
    [
        ("README.md", "dotnet test", "is what runs this"),
        ("docs/back-up-and-restore.md", "cp -r --sparse=always store copy", "is run by RestorePageTests, on the store of a broker that takes messages"),
        ("docs/back-up-and-restore.md", "rocketops store repair copy --yes", "is run by RestorePageTests, on that copy"),
        ("docs/back-up-and-restore.md", "kubectl get pvc -l rocketops.io/cluster=orders -o jsonpath='{range .items[*]}{.metadata.name} {.metadata.ownerReferences}{\"\\n\"}{end}'", "needs claims, which the cluster of these pages has none of"),
        ("charts/rocketops/README.md", "helm install rocketops charts/rocketops --namespace rocketops-system --create-namespace --wait --values images.yaml", Images),
        ("charts/rocketops/README.md", "# images.yaml", "is what Helm is told, no object: ChartTests render the chart with such values"),
        ("charts/rocketops/README.md", "kubectl patch topic.rocketops.io NAME -n NAMESPACE --type=merge -p '{\"metadata\":{\"finalizers\":null}}'", "is about a Topic that was deleted after its operator had gone; no page leaves one behind"),
        ("docs/client.md", "dotnet pack client/RocketOps.Client -c Release -o out/packages", Package),
        ("docs/client.md", "dotnet new console -o hello", Package),
        ("docs/client.md", "export NAMESRV_ADDR=127.0.0.1:9876", Package),
        ("docs/connect.md", "package main", "there is no Go here to compile it with; the interop ring runs a compiled program that makes the same calls (GoClientTests)"),
        ("docs/embedded-control-plane.md", "await using EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions { DataDirectory = \"data\" }, cancellationToken);", "is in no package; every test of RocketOps.Embedded.Tests begins so"),
        ("docs/embedded-control-plane.md", "server.FaultHook = call => call is { Verb: \"update\", Resource: \"leases\" } ? ApiFault.LoseAnswer : null;", "is in no package; the tests of faults in RocketOps.Embedded.Tests do so"),
        ("docs/gitops.md", "kubectl patch configmap argocd-cm --namespace argocd --patch-file deploy/argocd/argocd-cm.yaml", "needs an Argo CD; ArgoConfigMapTests read the file, HealthScriptTests run its scripts"),
        ("docs/gitops.md", "apiVersion: argoproj.io/v1alpha1", "is an object of Argo CD, whose definitions are not here"),
        ("docs/gitops.md", "apiVersion: kustomize.toolkit.fluxcd.io/v1", "is an object of Flux, whose definitions are not here"),
        ("docs/gitops.md", "apiVersion: helm.toolkit.fluxcd.io/v2", "is an object of Flux, whose definitions are not here"),
        ("docs/kubernetes.md", "docker build --target broker -t registry.example.com/rocketops-broker:0.1.0 .", Images),
        ("docs/kubernetes.md", "helm install rocketops charts/rocketops --namespace rocketops-system --create-namespace --wait \\", Images),
        ("docs/kubernetes.md", "helm uninstall rocketops --namespace rocketops-system", Images),
        ("docs/kubernetes.md", "sed 's#registry.example.com/#REGISTRY/#' deploy/install.yaml | kubectl apply --server-side -f -", Plain),
        ("docs/kubernetes.md", "kubectl apply --server-side -k deploy/kustomize/registry", Plain),
        ("docs/kubernetes.md", "kubectl delete namespace rocketops-system", Plain),
        ("docs/laptop.md", "dotnet build cli/RocketOps.Cli -c Release", "builds a second configuration, which takes minutes; the tests run the program that their own build made"),
        ("docs/migrate.md", "mqadmin clusterList -n NAMESRV", Java),
        ("docs/migrate.md", "mqadmin updateBrokerConfig -n NAMESRV -b MASTER -k brokerPermission -v 4", Java),
        ("docs/operate.md", "# who leads, in which epoch, whose copies are in sync, how it came about", Elected),
        ("docs/operate.md", "kubectl annotate lease orders-0 rocketops.io/unclean-epoch=8", Unclean),
        ("docs/operate.md", "kubectl patch configmap rocketops-operator-log -n rocketops-system --type=merge -p '{\"data\":{\"level\":\"debug\"}}'", "needs an operator that was installed in a cluster; LogLevelFileTests change the file behind it"),
        ("docs/operate.md", "kubectl patch mqc staging --type=merge -p '{\"spec\":{\"version\":\"0.2.0\"}}'", "needs another version's images; OperatorUpgradeTests ask for another version"),
        ("docs/programs.md", "dotnet run --project nameserver/RocketOps.NameServer -c Release", "runs until it is stopped; RocketOpsServer starts it so for most tests of the command line"),
        ("docs/programs.md", "dotnet run --project broker/RocketOps.Broker -c Release -- -c broker.conf -n 127.0.0.1:9876", "runs until it is stopped; RocketOpsServer starts it so for most tests of the command line"),
        ("samples/README.md", "dotnet pack client/RocketOps.Client -c Release -o out/packages", Package),
    ];

    /// <summary>Why a block is not run; null when it is.</summary>
    public static string? ReasonFor(DocumentedBlock block) => All.FirstOrDefault(mark => IsFor(mark, block)).Reason;

    /// <summary>The marks that mark nothing any more.</summary>
    public static IEnumerable<string> Stale(IReadOnlyList<DocumentedBlock> blocks) =>
        All.Where(mark => !blocks.Any(block => IsFor(mark, block))).Select(static mark => $"{mark.Page}: {mark.FirstLine}");

    private static bool IsFor((string Page, string FirstLine, string Reason) mark, DocumentedBlock block) =>
        block.Page == mark.Page && block.Text.Split('\n')[0] == mark.FirstLine;
}
