import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Runs commands of the kit's RocketMqClient and of mqadmin in one virtual machine instead of one for each.
 *
 * Standard input, a line each:   ID run WORD...      WORD in base64; the first is "client" or "mqadmin"
 *                                ID stop             ends a client command that goes on
 * Standard output, a line each:  ID out LINE         what the command printed
 *                                ID end CODE         its exit code
 *
 * It ends with its standard input, so with the program that started it, however that ends.
 */
public final class JavaHost {
    // What Apache's clients wait for an answer at most: their own 3 s (5 s of mqadmin) are over on a machine that is busy with other work.
    private static final int PATIENCE_MS = 120_000;

    // How often clients do by themselves what tests wait for: tell brokers of themselves (30 s), share queues out (20 s), look for the end of their event thread (3 s).
    private static final int SOON_MS = 1_000;
    private static final int AT_ONCE_MS = 100;

    private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    private static final Map<String, Thread> RUNNING = new ConcurrentHashMap<>();

    // By the name in their client identifiers.
    private static final Map<String, Object> CLIENTS = new ConcurrentHashMap<>();

    public static void main(String[] args) throws Exception {
        System.setOut(new PrintStream(OutputStream.nullOutputStream())); // libraries write there
        prepare();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            String[] words = line.split(" ");
            if (words[1].equals("stop")) {
                stop(words[0]);
                continue;
            }
            String[] command = Arrays.stream(words).skip(2).map(word -> new String(Base64.getDecoder().decode(word), StandardCharsets.UTF_8)).toArray(String[]::new);
            Thread thread = new Thread(() -> run(words[0], command));
            RUNNING.put(words[0], thread);
            thread.start();
        }
        Runtime.getRuntime().halt(0);
    }

    /** A send that is interrupted has failed, for the client, and the next one follows: until the command has ended it is told again and again. */
    private static void stop(String id) {
        Thread stopping = new Thread(() -> {
            while (RUNNING.computeIfPresent(id, (key, running) -> { running.interrupt(); return running; }) != null) {
                try {
                    Thread.sleep(AT_ONCE_MS);
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        stopping.setDaemon(true);
        stopping.start();
    }

    /** From here on nobody interrupts it: what it does yet is to tidy up. */
    private static void left(String id) {
        RUNNING.remove(id);
        Thread.interrupted();
    }

    private static void run(String id, String[] command) {
        int code = 1;
        String[] rest = Arrays.copyOfRange(command, 1, command.length);
        Lines lines = new Lines(id);
        PrintStream out = new PrintStream(lines, true, StandardCharsets.UTF_8);
        try {
            code = command[0].equals("mqadmin") ? admin(rest, out) : client(id, rest, out);
        } catch (Throwable e) {
            out.println(e);
        } finally {
            left(id);
            lines.end(code);
        }
    }

    /** mqadmin knows its name servers by a property of the machine, and prints to its standard output: one at a time. */
    private static synchronized int admin(String[] args, PrintStream out) throws ReflectiveOperationException {
        PrintStream before = System.out;
        PrintStream beforeError = System.err;
        System.setOut(out);
        System.setErr(out);
        try {
            for (Method main : Class.forName("org.apache.rocketmq.tools.command.MQAdminStartup").getMethods()) {
                if (main.getName().equals("main0")) main.invoke(null, args, null);
            }
            return 0;
        } finally {
            System.setOut(before);
            System.setErr(beforeError);
        }
    }

    /** A class of its own for each command: its output is a static field, and a thread that is late must not print into the next command's. */
    private static int client(String id, String[] args, PrintStream out) throws Exception {
        String name = "host" + ProcessHandle.current().pid() + "-" + id;
        String[] named = Arrays.copyOf(args, args.length + 2);
        named[args.length] = "--instance";
        named[args.length + 1] = name;
        Class<?> type = Class.forName("RocketMqClient", true, new Copies());
        replaceStatic(type.getDeclaredField("OUT"), out);
        int code = 1;
        try {
            Constructor<?> make = type.getDeclaredConstructor(String[].class);
            make.setAccessible(true);
            Method run = type.getDeclaredMethod("run");
            run.setAccessible(true);
            code = (Integer) run.invoke(make.newInstance((Object) named));
            return code;
        } catch (InvocationTargetException e) {
            Method error = type.getDeclaredMethod("error", Throwable.class), print = type.getDeclaredMethod("print", Map.class);
            error.setAccessible(true);
            print.setAccessible(true);
            print.invoke(null, error.invoke(null, e.getCause()));
            return 1;
        } finally {
            left(id);
            System.clearProperty("rocketmq.message.compressType");
            if (code != 0) close(name);
            CLIENTS.keySet().removeIf(known -> known.endsWith("@" + name));
        }
    }

    /** Ends what a command left running that failed or was stopped. In a program of its own it would end with that. */
    private static void close(String name) throws ReflectiveOperationException {
        for (Map.Entry<String, Object> client : CLIENTS.entrySet()) {
            if (!client.getKey().endsWith("@" + name)) continue;
            for (String table : new String[] {"consumerTable", "producerTable", "adminExtTable"}) ((Map<?, ?>) valueOf(client.getValue(), table)).clear();
            client.getValue().getClass().getMethod("shutdown").invoke(client.getValue());
        }
    }

    private static void prepare() throws ReflectiveOperationException {
        System.setProperty("com.rocketmq.remoting.client.connect.timeout", Integer.toString(PATIENCE_MS));
        System.setProperty("rocketmq.client.rebalance.waitInterval", Integer.toString(SOON_MS));
        System.setProperty("rocketmq.client.rebalance.minInterval", Integer.toString(AT_ONCE_MS));
        Object manager = Class.forName("org.apache.rocketmq.client.impl.MQClientManager").getMethod("getInstance").invoke(null);
        field(manager, "factoryTable").set(manager, new Noting(JavaHost::prepare));
    }

    /** A client that has just been made, before it asks anybody anything. */
    private static void prepare(Object client) {
        try {
            Object config = field(client, "clientConfig").get(client);
            config.getClass().getMethod("setMqClientApiTimeout", int.class).invoke(config, PATIENCE_MS);
            config.getClass().getMethod("setHeartbeatBrokerInterval", int.class).invoke(config, SOON_MS);
            field(client, "adminExtTable").set(client, new Noting(JavaHost::prepareAdmin));
            field(client, "consumerTable").set(client, new Noting(JavaHost::prepareConsumer));
            Object events = valueOf(valueOf(valueOf(client, "mQClientAPIImpl"), "remotingClient"), "nettyEventExecutor");
            field(events, "eventQueue").set(events, new ShortlyPolled());
            CLIENTS.put((String) client.getClass().getMethod("getClientId").invoke(client), client);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void prepareAdmin(Object admin) {
        try {
            field(admin, "timeoutMillis").setLong(admin, PATIENCE_MS);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A message that the kit has counted is not yet one that its listener has returned from: whoever ends waits for that, or the next one gets it again. */
    private static void prepareConsumer(Object consumer) {
        if (!consumer.getClass().getSimpleName().equals("DefaultMQPushConsumerImpl")) return;
        try {
            Object config = valueOf(consumer, "defaultMQPushConsumer");
            config.getClass().getMethod("setAwaitTerminationMillisWhenShutdown", long.class).invoke(config, (long) PATIENCE_MS);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object valueOf(Object target, String name) throws ReflectiveOperationException {
        return field(target, name).get(target);
    }

    private static Field field(Object target, String name) throws NoSuchFieldException {
        for (Class<?> type = target.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (field.getName().equals(name)) {
                    field.setAccessible(true);
                    return field;
                }
            }
        }
        throw new NoSuchFieldException(target.getClass() + "." + name);
    }

    private static void replaceStatic(Field field, Object value) throws ReflectiveOperationException {
        Field theUnsafe = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
        theUnsafe.setAccessible(true);
        sun.misc.Unsafe unsafe = (sun.misc.Unsafe) theUnsafe.get(null);
        unsafe.putObject(unsafe.staticFieldBase(field), unsafe.staticFieldOffset(field), value);
    }

    /** A table that shows what is put into it. */
    private static final class Noting extends ConcurrentHashMap<Object, Object> {
        private final transient java.util.function.Consumer<Object> look;

        Noting(java.util.function.Consumer<Object> look) { this.look = look; }

        @Override
        public Object putIfAbsent(Object key, Object value) {
            look.accept(value);
            return super.putIfAbsent(key, value);
        }

        @Override
        public Object computeIfAbsent(Object key, Function<? super Object, ?> make) {
            return super.computeIfAbsent(key, k -> {
                Object value = make.apply(k);
                look.accept(value);
                return value;
            });
        }
    }

    /** Whoever waits for something in it looks up often: 5.5.0 waits for that at the end of each client. */
    private static final class ShortlyPolled extends java.util.concurrent.LinkedBlockingQueue<Object> {
        @Override
        public Object poll(long timeout, TimeUnit unit) throws InterruptedException {
            return super.poll(Math.min(unit.toMillis(timeout), AT_ONCE_MS), TimeUnit.MILLISECONDS);
        }
    }

    /** The kit's client once more; Apache's libraries are shared. */
    private static final class Copies extends ClassLoader {
        Copies() { super(JavaHost.class.getClassLoader()); }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("RocketMqClient")) return super.loadClass(name, resolve);
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                if (loaded != null) return loaded;
                try (InputStream in = getResourceAsStream(name + ".class")) {
                    byte[] bytes = in.readAllBytes();
                    return defineClass(name, bytes, 0, bytes.length);
                } catch (java.io.IOException e) {
                    throw new ClassNotFoundException(name, e);
                }
            }
        }
    }

    /** Sends each whole line on, until the end. */
    private static final class Lines extends OutputStream {
        private final String id;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private boolean ended;

        Lines(String id) { this.id = id; }

        @Override
        public synchronized void write(int b) {
            if (b == '\n') send(); else line.write(b);
        }

        @Override
        public synchronized void write(byte[] bytes, int from, int count) {
            for (int i = from; i < from + count; i++) write(bytes[i]);
        }

        synchronized void end(int code) {
            if (line.size() > 0) send();
            ended = true;
            OUT.println(id + " end " + code);
        }

        private void send() {
            if (!ended) OUT.println(id + " out " + line.toString(StandardCharsets.UTF_8));
            line.reset();
        }
    }
}
