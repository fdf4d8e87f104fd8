using System.Diagnostics;
using RocketOps.Embedded.Tests.Conformance;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Embedded.Tests.Api.Kubectl;

/// <summary>Unmodified kubectl against the embedded server.</summary>
/// <param name="kubectl">The program; null when it is not here.</param>
/// <param name="whyMissing">Why not; null when it is.</param>
public abstract class KubectlTests(string? kubectl, string? whyMissing) : IAsyncLifetime
{
    private const string Manifest = """
        apiVersion: conformance.rocketops.io/v1beta1
        kind: Widget
        metadata: {name: orders}
        spec: {replicas: 2, config: {a: "1"}, listeners: [{name: tcp}]}
        """;

    private readonly TempDirectory _directory = new();
    private EmbeddedApiServer? _server;

    public async Task InitializeAsync()
    {
        if (kubectl is null)
        {
            return;
        }

        _server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        _server.AddCrd(await File.ReadAllTextAsync(Path.Combine(ConformanceCase.Folder, "widgets.crd.yaml")));
        _server.WriteKubeconfig(_directory.File("kubeconfig"));
        await File.WriteAllTextAsync(_directory.File("widget.yaml"), Manifest);
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _directory.Dispose();
    }

    /// <summary>Skips the test where kubectl is missing; on CI it fails: nothing else shows that unmodified kubectl works.</summary>
    private void RequireKubectl()
    {
        string? reason = RingRules.Current.WhySkip(ring: null, whyMissing);
        Skip.If(reason is not null, reason);
    }

    [SkippableFact]
    public async Task Kubectl_DailyCommands_WorkUnmodified()
    {
        RequireKubectl();
        string file = _directory.File("widget.yaml");

        (await RunAsync("apply", "-f", file)).Should().Be((0, "widget.conformance.rocketops.io/orders created\n"));
        (await RunAsync("apply", "-f", file)).Should().Be((0, "widget.conformance.rocketops.io/orders configured\n"), "the list's defaulted item differs for ever, as on the real server");
        (await RunAsync("get", "wdg")).Output.Should().MatchRegex("NAME +READY +REASON +REPLICAS +AGE\norders +2 +[0-9]+s\n");
        (await RunAsync("get", "wdg", "-o", "wide")).Output.Should().Contain("{\"a\":\"1\"}");
        (await RunAsync("get", "wdg", "orders", "-o", "jsonpath={.spec.storage.size}")).Should().Be((0, "1Gi"));
        (await RunAsync("get", "wdg", "-o", "custom-columns=N:.metadata.name,R:.spec.replicas")).Output.Should().Be("N        R\norders   2\n");
        (await RunAsync("explain", "widget.spec.replicas")).Output.Should().Contain("FIELD: replicas <integer>").And.Contain("How many members.");
        (await RunAsync("patch", "wdg", "orders", "--type=merge", "-p", """{"spec":{"replicas":3}}""")).Should().Be((0, "widget.conformance.rocketops.io/orders patched\n"));
        (await RunAsync("diff", "-f", file)).Should().Match<(int Code, string Output)>(d => d.Code == 1 && d.Output.Contains("-  replicas: 3") && d.Output.Contains("+  replicas: 2"));
        (await RunAsync("apply", "--server-side", "--force-conflicts", "-f", file)).Should().Be((0, "widget.conformance.rocketops.io/orders serverside-applied\n"));
        (await RunAsync("patch", "wdg", "orders", "--subresource=status", "--type=merge", "-p", """{"status":{"observedGeneration":9,"conditions":[{"type":"Ready","status":"True","reason":"Fine"}]}}"""))
            .Code.Should().Be(0);
        (await RunAsync("wait", "--for=condition=Ready", "wdg/orders", "--timeout=180s")).Should().Be((0, "widget.conformance.rocketops.io/orders condition met\n"));
        (await RunAsync("label", "wdg", "orders", "team=mq")).Code.Should().Be(0);
        (await RunAsync("get", "wdg", "-l", "team=mq", "-o", "name")).Should().Be((0, "widget.conformance.rocketops.io/orders\n"));
        (await RunAsync("scale", "wdg", "orders", "--replicas=5")).Code.Should().Be(0);
        (await RunAsync("describe", "wdg", "orders")).Output.Should().Contain("Replicas:  5").And.Contain("Events:");
        (await RunAsync("api-resources", "--api-group=conformance.rocketops.io")).Output.Should().Contain("widgets").And.Contain("wdg");
        (await RunAsync("delete", "wdg", "orders")).Output.Should().StartWith("widget.conformance.rocketops.io \"orders\" deleted");
        (await RunAsync("get", "wdg", "orders")).Code.Should().Be(1);
        (await RunAsync("wait", "--for=delete", "wdg/orders", "--timeout=180s")).Code.Should().Be(0);
    }

    [SkippableFact]
    public async Task Kubectl_CommandsThatSendProtobuf_WorkOrSayTheWayRound()
    {
        RequireKubectl();

        (await RunAsync("create", "namespace", "mine")).Should().Be((0, "namespace/mine created\n"));
        (await RunAsync("create", "configmap", "c", "-n", "mine", "--from-literal=a=b")).Should().Be((0, "configmap/c created\n"));
        (await RunAsync("get", "configmap", "c", "-n", "mine", "-o", "jsonpath={.data.a}")).Should().Be((0, "b"));
        (await RunAsync("create", "secret", "generic", "s", "-n", "mine", "--from-literal=a=b")).Should().Be((0, "secret/s created\n"));
        (await RunAsync("get", "secret", "s", "-n", "mine", "-o", "jsonpath={.data.a}")).Should().Be((0, "Yg=="));
        (await RunAsync("create", "serviceaccount", "q", "-n", "mine")).Should().Be((0, "serviceaccount/q created\n"));
        (await RunAsync("auth", "can-i", "delete", "widgets")).Should().Be((0, "yes\n"));
        (await RunAsync("auth", "whoami")).Output.Should().Contain("rocketops");
        (int code, string output) = await RunAsync("create", "deployment", "d", "--image=x");
        code.Should().Be(1);
        output.Should().Contain("apps/v1, Kind=Deployment").And.Contain("kubectl apply --server-side");
    }

    [SkippableFact]
    public async Task Kubectl_WhatIsNotOffered_IsRefusedInPlainWords()
    {
        RequireKubectl();
        string file = _directory.File("wrong.yaml");
        await File.WriteAllTextAsync(file, Manifest.Replace("kind: Widget", "kind: Widgett", StringComparison.Ordinal));

        (await RunAsync("apply", "-f", file)).Output.Should().Contain("no matches for kind \"Widgett\"");
        (await RunAsync("patch", "wdg", "orders", "-p", "{}")).Output.Should().Contain("not found");
        await File.WriteAllTextAsync(
            file, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":10911}]}]}}""");
        (await RunAsync("apply", "-f", file)).Code.Should().Be(0);
        (await RunAsync("patch", "pod", "p", "--subresource=status", "-p", """{"status":{"phase":"Running","podIP":"127.10.1.2"}}""")).Code.Should().Be(0);
        (await RunAsync("exec", "p", "--", "ls")).Output.Should().Contain("does not offer pods/exec").And.Contain("run the command in a terminal here");
        (await RunAsync("cp", "p:/etc/hosts", _directory.File("hosts"))).Output.Should().Contain("--data");
        (await RunAsync("attach", "p")).Output.Should().Contain("does not offer pods/attach").And.Contain("kubectl logs");
        (await RunAsync("port-forward", "p", "0:10911")).Output.Should().Contain("connect to 127.10.1.2:10911");
        (await RunAsync("create", "token", "default")).Output.Should().Contain("kubectl config view --raw");
    }

    [SkippableFact]
    public async Task Kubectl_BuiltinKinds_AreChangedByStrategicMergePatches()
    {
        RequireKubectl();
        string file = _directory.File("deployment.yaml");
        const string deployment = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: d}
            spec:
              replicas: 1
              selector: {matchLabels: {a: b}}
              template:
                metadata: {labels: {a: b}}
                spec:
                  containers:
                  - {name: c, image: "x:1", env: [{name: A, value: "1"}, {name: B, value: "2"}]}
                  - {name: side, image: "s:1"}
            """;
        await File.WriteAllTextAsync(file, deployment);

        (await RunAsync("apply", "-f", file)).Should().Be((0, "deployment.apps/d created\n"));
        (await RunAsync("apply", "-f", file)).Should().Be((0, "deployment.apps/d unchanged\n"));
        await File.WriteAllTextAsync(file, deployment.Replace("{name: A, value: \"1\"}, ", string.Empty, StringComparison.Ordinal).Replace("s:1", "s:2", StringComparison.Ordinal));
        (await RunAsync("apply", "-f", file)).Should().Be((0, "deployment.apps/d configured\n"));
        (await GetAsync("{.spec.template.spec.containers[*].env[*].name} {.spec.template.spec.containers[*].image}")).Should().Be("B x:1 s:2");
        (await RunAsync("set", "image", "deploy/d", "c=x:2")).Should().Be((0, "deployment.apps/d image updated\n"));
        (await RunAsync("set", "env", "deploy/d", "-c", "c", "B-", "C=3")).Should().Be((0, "deployment.apps/d env updated\n"));
        (await GetAsync("{.spec.template.spec.containers[*].env[*].name} {.spec.template.spec.containers[*].image}")).Should().Be("C x:2 s:2");
        (await RunAsync("rollout", "restart", "deploy/d")).Should().Be((0, "deployment.apps/d restarted\n"));
        (await GetAsync("{.spec.template.metadata.annotations}")).Should().Contain("restartedAt");
        (await RunAsync("scale", "deploy/d", "--replicas=3")).Should().Be((0, "deployment.apps/d scaled\n"));
        (await RunAsync("edit", "deploy/d")).Should().Be((0, "deployment.apps/d edited\n"));
        (await GetAsync("{.spec.replicas} {.spec.template.spec.containers[*].image}")).Should().Be("3 x:3 s:2");
        (await RunAsync("delete", "deploy", "d")).Code.Should().Be(0);

        async Task<string> GetAsync(string path) => (await RunAsync("get", "deploy", "d", "-o", $"jsonpath={path}")).Output;
    }

    [SkippableFact]
    public async Task Kubectl_Node_IsCordonedTaintedAndDrained()
    {
        RequireKubectl();
        string file = _directory.File("node.yaml");
        await File.WriteAllTextAsync(
            file,
            """
            {"apiVersion":"v1","kind":"List","items":[
              {"apiVersion":"v1","kind":"Node","metadata":{"name":"laptop"}},
              {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"nodeName":"laptop","containers":[{"name":"c","image":"i"}]}}]}
            """);
        (await RunAsync("apply", "-f", file)).Code.Should().Be(0);

        (await RunAsync("cordon", "laptop")).Should().Be((0, "node/laptop cordoned\n"));
        (await RunAsync("get", "nodes")).Output.Should().Contain("SchedulingDisabled");
        (await RunAsync("taint", "node", "laptop", "a=b:NoSchedule")).Should().Be((0, "node/laptop tainted\n"));
        (await RunAsync("drain", "laptop", "--force", "--grace-period=0", "--timeout=180s")).Output.Should().Contain("node/laptop drained");
        (await RunAsync("uncordon", "laptop")).Should().Be((0, "node/laptop uncordoned\n"));
        (await RunAsync("get", "pods", "-o", "name")).Output.Should().NotContain("pod/p");
    }

    [SkippableFact]
    public async Task Kubectl_Clusters_AreScaledAndHeldToTheirRules()
    {
        RequireKubectl();
        foreach (string crd in ConformanceCase.Crds)
        {
            _server!.AddCrd(await File.ReadAllTextAsync(crd));
        }

        string file = _directory.File("cluster.yaml");
        await File.WriteAllTextAsync(file, """{"apiVersion":"rocketops.io/v1beta1","kind":"BrokerCluster","metadata":{"name":"q"},"spec":{"brokers":{"groups":2,"storage":{"storageClassName":"slow"}}}}""");
        (await RunAsync("apply", "-f", file)).Code.Should().Be(0);

        (await RunAsync("scale", "mqc", "q", "--replicas=3")).Should().Be((0, "brokercluster.rocketops.io/q scaled\n"));
        (await RunAsync("get", "mqc", "q", "-o", "jsonpath={.spec.brokers.groups}")).Output.Should().Be("3");
        (await RunAsync("scale", "mqc", "q", "--replicas=1")).Code.Should().Be(0);
        (int code, string refused) = await RunAsync("patch", "mqc", "q", "--type=merge", "-p", """{"spec":{"brokers":{"storage":{"storageClassName":"fast"}}}}""");
        code.Should().Be(1);
        refused.Should().Contain("storage.storageClassName cannot change");
        await File.WriteAllTextAsync(file, """{"apiVersion":"rocketops.io/v1beta1","kind":"Topic","metadata":{"name":"t"},"spec":{"clusterRef":{"name":"q"},"readQueues":1,"writeQueues":2}}""");
        (await RunAsync("apply", "-f", file)).Output.Should().Contain("spec: Invalid value: \"object\": writeQueues must not be larger than readQueues");
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        ProcessStartInfo start = new(kubectl!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["KUBECONFIG"] = _directory.File("kubeconfig"), ["KUBECACHEDIR"] = _directory.File("cache"), ["KUBE_EDITOR"] = "sed -i s/x:2/x:3/" },
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        string text = await output;
        return (process.ExitCode, text.Length > 0 ? text : await errors);
    }
}
