using RocketOps.Cli.Up;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;
using RocketOps.Testing.Docs;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Docs;

/// <summary>What README and docs show works: every block is run, or it is on the list of those that are not, with the reason.</summary>
public sealed class DocumentedBlocksTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Who runs the blocks of a language. Text is for drawings and forms, and none of it may look like a command.</summary>
    private static readonly Dictionary<string, string> Runners = new(StringComparer.Ordinal)
    {
        ["sh"] = nameof(DocumentedCommandsTests),
        ["yaml"] = nameof(Yaml_OfAllPages_IsTakenByTheApi),
        ["properties"] = nameof(Properties_OfAllPages_AreTakenByTheBroker),
        ["csharp"] = "RocketOps.Client.Tests: PackageTests",
        ["java"] = "RocketOps.Interop.Tests: FirstProgramTests",
        ["js"] = "RocketOps.Interop.Tests: FirstProgramTests",
        ["text"] = "",
    };

    [Fact]
    public void Blocks_OfAllPages_HaveARunnerOrAReason()
    {
        IReadOnlyList<DocumentedBlock> blocks = DocumentedBlocks.All();

        blocks.Should().HaveCountGreaterThan(30, "else nothing was looked at");
        blocks.Where(block => !Runners.ContainsKey(block.Language) && UnrunBlocks.ReasonFor(block) is null).Select(static block => block.ToString())
            .Should().BeEmpty("a block names a language that a test runs ({0}), or is in {1} with the reason", string.Join(", ", Runners.Keys), nameof(UnrunBlocks));
        blocks.Where(static block => block.Language == "text" && block.Commands.Any(static line => line.StartsWith("rocketops ", StringComparison.Ordinal) || line.StartsWith("kubectl ", StringComparison.Ordinal)))
            .Select(static block => block.ToString()).Should().BeEmpty("commands are run");
        UnrunBlocks.All.Should().OnlyContain(static mark => mark.Reason.Length > 10);
    }

    [Fact]
    public void UnrunBlocks_OfTheList_AreOnThePages()
    {
        UnrunBlocks.Stale(DocumentedBlocks.All()).Should().BeEmpty("what was removed or changed on its page is removed or changed on the list");
    }

    /// <summary>A program in C# ends with its last line, where one in Java goes on by the threads of its consumer: who tries one that ends as soon as it has started receives nothing.</summary>
    [Fact]
    public void CSharp_ThatConsumes_GoesOnAfterItHasStarted()
    {
        const string Start = "consumer.StartAsync();";
        string[] goingOn = ["Console.ReadLine();", "await arrived.Task;", "RequestAsync("];
        DocumentedBlock[] consuming = [.. DocumentedBlocks.ToRun("csharp").Where(static block => block.Text.Contains(Start, StringComparison.Ordinal))];

        consuming.Should().HaveCountGreaterThan(10, "else nothing was looked at");
        consuming.Where(block => !goingOn.Any(line => block.Text[block.Text.IndexOf(Start, StringComparison.Ordinal)..].Contains(line, StringComparison.Ordinal)))
            .Select(static block => block.ToString()).Should().BeEmpty("a reader who copies the block sees messages come");
    }

    [Fact]
    public async Task Yaml_OfAllPages_IsTakenByTheApi()
    {
        await using EmbeddedApiServer api = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        foreach (string crd in Directory.EnumerateFiles(Path.Combine(SharedKits.RepositoryRoot, "deploy", "crds")))
        {
            api.AddCrd(await File.ReadAllTextAsync(crd));
        }

        using KubernetesClient client = new(new KubernetesClientConfiguration { Server = api.Address, Token = api.Token, CertificateAuthorityPem = api.CaCertificatePem, Source = "the test" });
        ManifestApplier applier = new(client);
        IReadOnlyList<DocumentedBlock> blocks = DocumentedBlocks.ToRun("yaml");
        blocks.Should().NotBeEmpty();
        foreach (DocumentedBlock block in blocks)
        {
            foreach (Manifest manifest in Manifest.Read(block.ToString(), block.Text))
            {
                await applier.ApplyAsync(manifest, CancellationToken.None);
            }
        }
    }

    [Fact]
    public async Task Properties_OfAllPages_AreTakenByTheBroker()
    {
        using TempDirectory folder = new();
        IReadOnlyList<DocumentedBlock> blocks = DocumentedBlocks.ToRun("properties");
        blocks.Should().NotBeEmpty();
        foreach (DocumentedBlock block in blocks)
        {
            await File.WriteAllTextAsync(folder.File("broker.conf"), block.Text);

            // -p prints what would be used, once all of it was understood.
            ProcessResult result = await ChildProcess.RunAsync(Programs.Broker, ["-c", folder.File("broker.conf"), "-p"], Patience);

            result.ExitCode.Should().Be(0, "{0}: {1}", block, result);
            foreach (string line in block.Text.Split('\n').Where(static line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#')))
            {
                result.Output.Should().Contain(line, block.ToString());
            }
        }
    }
}
