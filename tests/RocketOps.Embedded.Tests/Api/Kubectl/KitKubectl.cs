using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Embedded.Tests.Api.Kubectl;

/// <summary>The kubectl of the kit <c>kube</c>, unpacked once for all tests: there it is one of the names of a program that is all of Kubernetes.</summary>
public sealed class KitKubectl : IAsyncLifetime
{
    private readonly TempDirectory _folder = new();

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

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }
}
