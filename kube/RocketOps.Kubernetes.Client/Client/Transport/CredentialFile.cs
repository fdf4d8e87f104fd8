namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>
/// Files by which a program proves who it is and recognises the server. In a pod they are links to a folder that is replaced as a whole: the time of the link
/// stays what it was, so that only the content tells whether there is something new.
/// </summary>
internal static class CredentialFile
{
    /// <summary>Several times what a bundle of authorities has.</summary>
    private const int MaxBytes = 1024 * 1024;

    /// <summary>The text of a file. Throws <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/>, and <see cref="InvalidDataException"/> when it is too long.</summary>
    public static string Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length > MaxBytes)
        {
            throw new InvalidDataException($"{path} is longer than {MaxBytes} bytes.");
        }

        using StreamReader reader = new(file);
        return reader.ReadToEnd();
    }
}
