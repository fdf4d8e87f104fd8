using System.Text;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>
/// Mount paths of a container and the local folders behind them. A process has no mount namespace of its own, so each
/// mention of a mount path in its arguments, environment and config files is replaced by the local folder.
/// </summary>
internal sealed class PathMap
{
    private readonly List<KeyValuePair<string, string>> _mounts = [];

    public void Add(string mountPath, string localPath)
    {
        string trimmed = mountPath.TrimEnd('/');
        if (trimmed.Length == 0 || _mounts.Exists(mount => mount.Key == trimmed))
        {
            return;
        }

        _mounts.Add(new(trimmed, localPath));

        // A mount below another one must win.
        _mounts.Sort((left, right) => right.Key.Length.CompareTo(left.Key.Length));
    }

    /// <summary>
    /// Replaces mount paths that stand as whole path parts: /data matches in <c>/data</c>, <c>dir=/data/x</c> and
    /// <c>a:/data:b</c>, not in <c>/database</c> or <c>/var/data</c>.
    /// </summary>
    public string Rewrite(string text)
    {
        if (_mounts.Count == 0 || !text.Contains('/', StringComparison.Ordinal))
        {
            return text;
        }

        StringBuilder? result = null;
        int copied = 0;
        for (int at = text.IndexOf('/', StringComparison.Ordinal); at >= 0; at = at >= text.Length ? -1 : text.IndexOf('/', at))
        {
            if (!IsStart(text, at) || MountAt(text, at) is not { } mount)
            {
                at++;
                continue;
            }

            result ??= new StringBuilder(text.Length + 64);
            result.Append(text, copied, at - copied).Append(mount.Value);
            at += mount.Key.Length;
            copied = at;
        }

        return result is null ? text : result.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>The other way, for what a container says of itself: the local folders become the mount paths that its pod's author knows.</summary>
    public string Restore(string text)
    {
        // A folder below another one must win here as well.
        foreach (KeyValuePair<string, string> mount in _mounts.OrderByDescending(mount => mount.Value.Length))
        {
            text = text.Replace(mount.Value + "/", mount.Key + "/", StringComparison.Ordinal);
        }

        return text;
    }

    private static bool IsStart(string text, int at) => at == 0 || !IsPathCharacter(text[at - 1]);

    private static bool IsPathCharacter(char character) => char.IsLetterOrDigit(character) || character is '/' or '.' or '_' or '-' or '~';

    private KeyValuePair<string, string>? MountAt(string text, int at)
    {
        foreach (KeyValuePair<string, string> mount in _mounts)
        {
            int end = at + mount.Key.Length;
            if (string.CompareOrdinal(text, at, mount.Key, 0, mount.Key.Length) == 0
                && (end == text.Length || text[end] == '/' || !IsPathCharacter(text[end])))
            {
                return mount;
            }
        }

        return null;
    }
}
