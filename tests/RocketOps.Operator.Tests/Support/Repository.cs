namespace RocketOps.Operator.Tests.Support;

/// <summary>Finds files of the repository from wherever the tests were built to.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Set to rewrite generated and golden files instead of comparing with them.</summary>
    public static bool Update => Environment.GetEnvironmentVariable("ROCKETOPS_UPDATE") == "1";

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>Compares a checked-in file with what it should be, or writes it when asked to.</summary>
    public static void ShouldMatch(string path, string expected)
    {
        if (Update)
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            File.WriteAllText(path, expected);
            return;
        }

        File.Exists(path).Should().BeTrue($"{path} is checked in; ROCKETOPS_UPDATE=1 dotnet test writes it");
        File.ReadAllText(path).Should().Be(expected, $"{path} is generated; ROCKETOPS_UPDATE=1 dotnet test rewrites it");
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "RocketOps.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
