namespace RocketOps.Testing.Docs;

/// <summary>
/// The blocks of the pages that the tests of documented code leave out, each with the reason and, where there is one, the test that does the same otherwise. A block
/// is known by its page and its first line. A new block that is not here is run.
/// </summary>
public static class UnrunBlocks
{
    private const string Images = "needs images and a real cluster: the cluster ring does the same (QuickStartTests, .ci/images)";
    private const string Java = "needs a Java broker to hand over: the interop ring attaches slaves of either to masters of the other (ReplicationInteropTests)";
    private const string Package = "done step by step by PackageTests, with package folders of their own";

    /// <summary>The list.</summary>
    public static IReadOnlyList<(string Page, string FirstLine, string Reason)> All { get; } =
    [
        ("README.md", "dotnet test", "is what runs this"),
        ("charts/rocketops/README.md", "helm install rocketops charts/rocketops --namespace rocketops-system --create-namespace", Images),
        ("charts/rocketops/README.md", "kubectl patch topic.rocketops.io NAME -n NAMESPACE --type=merge -p '{\"metadata\":{\"finalizers\":null}}'", "is about a Topic that was deleted after its operator had gone; no page leaves one behind"),
        ("docs/client.md", "dotnet pack client/RocketOps.Client -c Release -o out/packages", Package),
        ("docs/client.md", "dotnet new console -o hello", Package),
        ("docs/client.md", "export NAMESRV_ADDR=127.0.0.1:9876", Package),
        ("docs/connect.md", "package main", "there is no Go here to compile it with; the interop ring runs a compiled program that makes the same calls (GoClientTests)"),
        ("docs/embedded-control-plane.md", "await using EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions { DataDirectory = \"data\" }, cancellationToken);", "is in no package; every test of RocketOps.Embedded.Tests begins so"),
        ("docs/embedded-control-plane.md", "server.FaultHook = call => call is { Verb: \"update\", Resource: \"leases\" } ? ApiFault.LoseAnswer : null;", "is in no package; the tests of faults in RocketOps.Embedded.Tests do so"),
        ("docs/kubernetes.md", "docker build -f Dockerfile.broker -t registry.example.com/rocketops-broker:0.1.0 .", Images),
        ("docs/kubernetes.md", "helm install rocketops charts/rocketops --namespace rocketops-system --create-namespace \\", Images),
        ("docs/kubernetes.md", "helm uninstall rocketops --namespace rocketops-system", Images),
        ("docs/laptop.md", "dotnet build cli/RocketOps.Cli -c Release", "builds a second configuration, which takes minutes; the tests run the program that their own build made"),
        ("docs/migrate.md", "mqadmin clusterList -n NAMESRV", Java),
        ("docs/migrate.md", "mqadmin updateBrokerConfig -n NAMESRV -b MASTER -k brokerPermission -v 4", Java),
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
