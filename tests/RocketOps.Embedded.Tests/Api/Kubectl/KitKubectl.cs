using System.Collections.Concurrent;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Embedded.Tests.Api.Kubectl;

/// <summary>The kubectl of the kit <c>kube</c>, unpacked once for all tests: there it is one of the names of a program that is all of Kubernetes.</summary>
public sealed class KitKubectl : IAsyncLifetime
{
    private readonly TempDirectory _folder = new();

    private readonly ConcurrentDictionary<string, Task<string>> _built = new(StringComparer.Ordinal);

    public string? WhyMissing { get; } = SharedKits.WhyMissing(SharedKits.Hyperkube);

    /// <summary>Null when the kit is missing.</summary>
    public string? Program { get; private set; }

    public async Task InitializeAsync()
    {
        if (WhyMissing is not null)
        {
            return;
        }

        string program = _folder.File("kubectl");
        (await ChildProcess.RunAsync("sh", ["-c", $"xz -dc '{SharedKits.Hyperkube}' > '{program}' && chmod +x '{program}'"], TimeSpan.FromMinutes(3))).EnsureSuccess();
        Program = program;
    }

    /// <summary>What <c>kubectl kustomize</c> makes of a folder: run once for each.</summary>
    public Task<string> BuildAsync(string folder) =>
        _built.GetOrAdd(folder, async path => (await ChildProcess.RunAsync(Program!, ["kustomize", path], TimeSpan.FromMinutes(3))).EnsureSuccess().Output);

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }
}
