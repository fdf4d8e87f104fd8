namespace RocketOps.Testing;

/// <summary>A directory of its own below the system's temporary directory, removed with everything in it on disposal.</summary>
public sealed class TempDirectory : IDisposable
{
    public TempDirectory(string prefix = "rocketops-")
    {
        Path = Directory.CreateTempSubdirectory(prefix).FullName;
    }

    public string Path { get; }

    public string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Removed by the test itself.
        }
    }
}
