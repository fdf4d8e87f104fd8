using RocketOps.Testing;

namespace RocketOps.Kubernetes.Tests.Support;

/// <summary>Files that hold what should come out; <c>ROCKETOPS_UPDATE=1</c> writes them anew, for review.</summary>
internal static class Golden
{
    public static void Check(string file, string actual)
    {
        string path = Path.Combine(SharedKits.RepositoryRoot, "tests", "RocketOps.Kubernetes.Tests", file);
        if (Environment.GetEnvironmentVariable("ROCKETOPS_UPDATE") == "1")
        {
            File.WriteAllText(path, actual);
        }

        File.Exists(path).Should().BeTrue($"{path} is made by ROCKETOPS_UPDATE=1");
        actual.Should().Be(File.ReadAllText(path));
    }
}
